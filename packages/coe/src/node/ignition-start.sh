#!/bin/bash
# Where nodes read Ignition: writes what cloud-init would have written, for root alone, and runs what it would have run.
set -euo pipefail
umask 077
mkdir -p /etc/sysconfig
chmod 0755 /etc/sysconfig
for kind in heat-params node-params; do
  sed -n "s/^      \([A-Z_]*='.*'\)\$/\1/p" "/etc/jeroboam/$kind.yaml" >"/etc/sysconfig/$kind"
done
while read -r part; do
  if [[ -n $part ]]; then base64 --decode <<<"$part" | gzip --decompress; fi
done </etc/jeroboam/boot.gz >/etc/jeroboam/boot.sh
exec /bin/bash /etc/jeroboam/boot.sh
