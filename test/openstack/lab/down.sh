#!/bin/bash
# Ends what up.sh started; with --purge also drops what it made, its packages excepted.
set -uo pipefail
# shellcheck source=settings.sh
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
# shellcheck source=processes.sh
. "$LAB/processes.sh"

# Not while it is being brought up.
if [ -d "$STATE/lock" ]; then
  exec 9>"$STATE/lock/up"
  flock 9
fi

for name in barbican-api cinder-volume cinder-scheduler cinder-api octavia-worker octavia-api heat-engine heat-api nova-compute nova-api \
  nova-scheduler nova-conductor neutron-server placement glance-api keystone; do
  stop "$name" &
done
wait
for name in memcached rabbitmq mysql; do stop "$name" & done
wait
stop epmd
if [ "${1:-}" = --purge ] && [ -d "$STATE/made" ]; then
  rm -rf "$STATE"
  say "dropped $STATE"
fi
exit 0
