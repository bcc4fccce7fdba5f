#!/bin/bash
# Sets a new node up: once, at its first boot, as root. The Heat template joins the files that make up this script, in
# its own order; each file is a step or the functions of one, and relies on those above it.
# The first command that fails ends the script, and Heat is told at which step: a bay that cannot come up says so
# within seconds, instead of waiting for a timeout.
set -euo pipefail
umask 022
PATH=/opt/bin:$PATH # first what this script installs itself

# shellcheck source=/dev/null
. /etc/sysconfig/heat-params # what the bay is
# shellcheck source=/dev/null
. /etc/sysconfig/node-params # which node this is

step_name='starting'
failure=''

step() {
  step_name=$1
  echo "$(date -u +%FT%TZ) $1"
}

fail() {
  failure=$1
  echo "failed: $1" >&2
  exit 1
}

is_true() {
  case ${1,,} in
    true | yes | on | 1) return 0 ;;
    *) return 1 ;;
  esac
}

# retry ATTEMPTS SECONDS COMMAND...: until the command succeeds, with a pause after each failure.
retry() {
  local attempts=$1 pause=$2 attempt
  shift 2
  for ((attempt = 1; attempt <= attempts; attempt++)); do
    if "$@"; then return 0; fi
    sleep "$pause"
  done
  return 1
}

# A systemd unit reads % and $ as its own; text from outside must not be read so.
unit_text() {
  local text=${1//%/%%}
  printf '%s' "${text//\$/\$\$}"
}

# The cloud's endpoints are asked directly, whatever proxy the bay has for the world outside.
cloud_options=(--silent --show-error --fail --noproxy '*' --connect-timeout 10 --max-time 60)
if is_true "$PLAIN_HTTP_ALLOWED"; then
  cloud_options+=(--proto '=http,https')
else
  cloud_options+=(--proto '=https')
fi
openstack_ca=''
if [[ -n $OPENSTACK_CA ]]; then
  openstack_ca=/etc/jeroboam/openstack-ca.pem
  mkdir -p /etc/jeroboam
  base64 --decode <<<"$OPENSTACK_CA" >"$openstack_ca"
  cloud_options+=(--cacert "$openstack_ca")
fi

# call_cloud TOKEN CURL-ARGUMENTS...: the token goes by standard input, so that no list of processes shows it.
call_cloud() {
  local token=$1
  shift
  curl "${cloud_options[@]}" --config - --header 'Content-Type: application/json' --header 'Accept: application/json' \
    "$@" <<<"header = \"X-Auth-Token: $token\""
}

# json_string KEY: the string of that key in a JSON document; good for texts whose only escapes are \n and \/.
json_string() {
  tr '\n' ' ' | sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p" | sed -e 's#\\n#\n#g' -e 's#\\/#/#g'
}

# signal SUCCESS|FAILURE REASON: answers the wait condition that Heat holds for this node.
signal() {
  local reason=${2//[^a-zA-Z0-9 .,:\/_-]/ } body
  printf -v body '{"status": "%s", "reason": "%s", "id": "%s", "data": "%s"}' "$1" "$reason" "$NODE_NAME" "$1"
  call_cloud "$WAIT_TOKEN" --output /dev/null --request POST --data "$body" "$WAIT_ENDPOINT"
}

# call_back SUCCESS|FAILURE REASON: tells the service as well, where it said at which address, so that the bay shows it at
# once. Only Heat must hear: without this the service finds out by itself.
call_back() {
  if [[ -z ${COMPLETION_URL:-} ]]; then return; fi
  local reason=${2//[^a-zA-Z0-9 .,:\/_-]/ } body
  printf -v body '{"node": "%s", "status": "%s", "reason": "%s"}' "$NODE_NAME" "$1" "$reason"
  # What stands behind the last point of the address is a key that all nodes of the bay know. It stays here: the address
  # ends with a word of this node's own and the proof of it. By standard input, so that no list of processes shows them.
  local address key proof
  address="${COMPLETION_URL%.*}.$(</proc/sys/kernel/random/uuid)"
  key=${COMPLETION_URL##*.}
  proof=$(printf '%s' "$key${address##*/}" | sha256sum)
  proof=$(printf '%s' "$key${proof%% *}" | sha256sum)
  retry 3 5 curl "${cloud_options[@]}" --config - --header 'Content-Type: application/json' --output /dev/null \
    --data "$body" <<<"url = \"$address.${proof%% *}\"" || echo 'the service could not be told' >&2
}

report_failure() {
  local status=$? reason
  if ((status == 0)); then return; fi
  reason="$NODE_NAME: $step_name: ${failure:-a command ended with status $status}"
  retry 6 10 signal FAILURE "$reason" || echo "Heat could not be told" >&2
  call_back FAILURE "$reason"
}
trap report_failure EXIT
