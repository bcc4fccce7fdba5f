# A bay's authority may be replaced while the bay works (docs/bay-types.md): then the node's metadata says what to come to.
# The node looks there once a minute, asks for what is trusted now, has its certificates signed by whoever signs now, starts
# what uses them anew, and says so. The functions above serve again, with what they rely on.
step 'following the authority'

# fetch_next FOLDER PHASE: what is trusted from now on, and anew each certificate that another authority signed. In `renew`
# what clients see stays as it is: it is of the authority that all of them know.
fetch_next() {
  local present=$CERTIFICATE_FOLDER phase=$2 name organisation common usages names
  local CERTIFICATE_FOLDER=$1
  rm -rf "$CERTIFICATE_FOLDER"
  install -d -m 0700 "$CERTIFICATE_FOLDER"
  retry 3 10 fetch_authority || fail "the bay's certificate authorities could not be read"
  openssl x509 -in "$CERTIFICATE_FOLDER/ca.crt" -out "$CERTIFICATE_FOLDER/signer"
  while IFS='|' read -r name organisation common usages names; do
    if [[ -z $name || $phase == renew && $name == "$public_certificate" ]]; then continue; fi
    if openssl verify -CAfile "$CERTIFICATE_FOLDER/signer" "$present/$name.crt" >/dev/null 2>&1; then continue; fi
    make_certificate "$name" "$organisation" "$common" "$usages" "$names" </dev/null
  done <<<"$made_certificates"
}

# come_to MARK: repeating it does what was cut short.
come_to() {
  local next=$CERTIFICATE_FOLDER/.next file
  fetch_next "$next" "${1#*.}"
  mv "$next/ca.crt" "$CERTIFICATE_FOLDER/ca.crt"
  # the key first: a certificate that does not match it is of the older authority, and made again
  for file in "$next"/*.key "$next"/*.crt; do
    if [[ -e $file ]]; then mv "$file" "$CERTIFICATE_FOLDER/${file##*/}"; fi
  done
  rm -rf "$next"
  use_certificates "$1"
}

acknowledge() {
  call_cloud "$token" --output /dev/null --request PUT --data "{\"certificate_rotation\": \"$1\"}" \
    "${MAGNUM_URL%/}/certificates/$BAY_UUID/nodes/$NODE_NAME"
}

follow_authority() {
  local mark folder=/var/lib/jeroboam
  mark=$(rotation_mark) || fail 'the metadata service did not answer'
  if [[ ! $mark =~ ^[0-9a-f-]{36}\.(trust|renew|serve|drop)$ || $mark == "$(<"$folder/authority-told")" ]]; then return; fi
  retry 3 10 request_token || fail 'Keystone gave no token'
  if [[ $mark != "$(<"$folder/authority-mark")" ]]; then
    step "coming to ${mark#*.}"
    come_to "$mark"
    echo "$mark" >"$folder/authority-mark"
  fi
  # a node that its bay does not know yet says so again a minute later
  acknowledge "$mark" || fail 'the service did not take it that this node is done'
  echo "$mark" >"$folder/authority-told"
}

mkdir -p /etc/jeroboam /var/lib/jeroboam
echo "$boot_mark" >/var/lib/jeroboam/authority-mark
echo >/var/lib/jeroboam/authority-told
install -m 0700 /dev/null /etc/jeroboam/follow-authority.sh
{
  echo '#!/bin/bash'
  echo '# Written at the first boot: the functions are those of the boot script.'
  echo 'set -euo pipefail'
  echo 'umask 022'
  echo "PATH=/opt/bin:\$PATH token=''"
  echo '. /etc/sysconfig/heat-params'
  echo '. /etc/sysconfig/node-params'
  declare -p cloud_options made_certificates public_certificate "${used_with_certificates[@]}"
  declare -f
  echo follow_authority
} >/etc/jeroboam/follow-authority.sh

cat >/etc/systemd/system/follow-authority.service <<'UNIT'
[Unit]
Description=follows the authority of the bay
After=network-online.target

[Service]
Type=oneshot
ExecStart=/bin/bash /etc/jeroboam/follow-authority.sh
TimeoutStartSec=30min
UNIT
cat >/etc/systemd/system/follow-authority.timer <<'UNIT'
[Unit]
Description=looks whether the authority of the bay is being replaced

[Timer]
OnBootSec=1min
OnUnitInactiveSec=1min
RandomizedDelaySec=15s

[Install]
WantedBy=timers.target
UNIT
systemctl daemon-reload
systemctl enable follow-authority.timer
systemctl restart follow-authority.timer
