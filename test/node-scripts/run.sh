#!/bin/bash
# Runs a node's first boot in namespaces of its own: a root of its own whose programs are this system's, a network of its
# own with nothing in it but the loopback. Called by node-scripts.test.ts as `unshare … run.sh FOLDER START ADDRESS NODE`.
set -euo pipefail
folder=$1 start=$2 address=$3 node=$4
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/root

mount -t tmpfs tmpfs "$root"
mkdir -p "$root"/{usr,etc/ssl/certs,proc,dev,tmp,run/systemd/resolve,var/lib,var/cache,opt,srv,root,stand-ins,sys}
mount --rbind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
for name in bin sbin lib lib32 lib64 libx32; do
  if [[ -L /$name ]]; then cp -P "/$name" "$root/$name"; fi
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for file in passwd group shadow gshadow login.defs nsswitch.conf ld.so.conf ld.so.cache ld.so.conf.d alternatives ssl/openssl.cnf; do
  if [[ -e /etc/$file ]]; then cp -a "/etc/$file" "$root/etc/$file"; fi
done
for name in etcd kube; do sed -i "/^$name:/d" "$root"/etc/{passwd,group,shadow,gshadow}; done
mkdir -p "$root/etc/systemd/system"
cp "$folder/world-ca.crt" "$root/etc/ssl/certs/ca-certificates.crt"
{
  echo '127.0.0.1 localhost'
  sed 's/^/127.0.0.1 /' "$folder/hosts"
} >"$root/etc/hosts"
cp "$here"/stand-ins/* "$root/stand-ins/"
cp -a "$folder/files/." "$root/"

ip link set lo up
ip address add "$address/32" dev lo
"$node" "$here/world.ts" "$folder" >"$folder/world.log" 2>&1 &
for ((look = 0; look < 100; look++)); do
  if [[ -e $folder/ready ]]; then break; fi
  sleep 0.1
done

status=0
chroot "$root" /usr/bin/env -i PATH=/stand-ins:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
  /bin/bash "$start" >"$folder/boot.log" 2>&1 </dev/null || status=$?
echo "$status" >"$folder/status"
if [[ -e $root/etc/etcd/certs/server.crt ]]; then
  curl --silent --cacert "$root/etc/etcd/certs/ca.crt" --cert "$root/etc/etcd/certs/server.crt" \
    --key "$root/etc/etcd/certs/server.key" "https://$address:2379/v2/members" >"$folder/members.json" || true
fi
mkdir -p "$folder/after"
cp -a "$root/etc" "$root/opt" "$root/run" "$folder/after/"
mkdir -p "$folder/after/var"
cp -a "$root/var/lib" "$folder/after/var/"
