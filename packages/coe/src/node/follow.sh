# A node looks at its marks once a minute, comes to what they say, each once, and tells the service that it has, or why it
# could not. The functions above serve again, with what they rely on.
step 'following the bay'

# acknowledge NAME MARK FAILURE
acknowledge() {
  local body="{\"$1\": \"$2\"${3:+, \"failure\": \"$3\"}}"
  call_cloud "$token" --output /dev/null --request PUT --data "$body" \
    "${MAGNUM_URL%/}/certificates/$BAY_UUID/nodes/$NODE_NAME"
}

# follow NAME PATTERN COME: COME is called with the mark. If it fails, it is called again a minute later, unless it leaves its
# reason in NAME-failure: then that is told, and another mark waited for.
follow() {
  local mark folder=/var/lib/jeroboam
  mark=$(read_mark "$1") || fail 'the metadata service did not answer'
  if [[ ! $mark =~ $2 || $mark == "$(<"$folder/$1-told")" ]]; then return; fi
  retry 3 10 request_token || fail 'Keystone gave no token'
  if [[ $mark != "$(<"$folder/$1-mark")" ]]; then
    echo >"$folder/$1-failure"
    step "coming to ${mark#*.}"
    "$3" "$mark"
    echo "$mark" >"$folder/$1-mark"
  fi
  # a node that its bay does not know yet says so again a minute later
  acknowledge "$1" "$mark" "$(<"$folder/$1-failure")" || fail 'the service did not take what this node has to tell'
  echo "$mark" >"$folder/$1-told"
}

# One that fails holds up no other. (Where its status is asked for at once, Bash goes on after a failed command.)
follow_all() {
  local one status=0
  for one in "${followers[@]}"; do
    set +e
    (
      set -e
      "$one"
    )
    status=$((status | $?))
    set -e
  done
  return "$status"
}

mkdir -p /etc/jeroboam /var/lib/jeroboam
for name in certificate_rotation master_upgrade; do
  for part in mark told failure; do echo >"/var/lib/jeroboam/$name-$part"; done
done
echo "$boot_mark" >/var/lib/jeroboam/certificate_rotation-mark
install -m 0700 /dev/null /etc/jeroboam/follow.sh
{
  echo '#!/bin/bash'
  echo '# Written at the first boot: the functions are those of the boot script.'
  echo 'set -euo pipefail'
  echo 'umask 022'
  echo "PATH=/opt/bin:\$PATH token='' step_name='' failure=''"
  echo '. /etc/sysconfig/heat-params'
  echo '. /etc/sysconfig/node-params'
  echo 'if [[ -e /etc/jeroboam/versions ]]; then . /etc/jeroboam/versions; fi'
  declare -p cloud_options made_certificates public_certificate followers "${kept[@]}"
  declare -f
  echo follow_all
} >/etc/jeroboam/follow.sh

cat >/etc/systemd/system/follow.service <<'UNIT'
[Unit]
Description=comes to what the bay says
After=network-online.target

[Service]
Type=oneshot
ExecStart=/bin/bash /etc/jeroboam/follow.sh
TimeoutStartSec=50min
UNIT
cat >/etc/systemd/system/follow.timer <<'UNIT'
[Unit]
Description=looks whether the bay says what to come to

[Timer]
OnBootSec=1min
OnUnitInactiveSec=1min
RandomizedDelaySec=15s

[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl enable follow.timer
systemctl restart follow.timer
