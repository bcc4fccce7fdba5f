#!/bin/bash
# A server's first boot in namespaces of its own: a root of its own whose programs are this system's, and a network of its
# own that is the bay's. When the boot has ended, its services go on for as long as standard input is open. Called by bay.ts as `unshare … node.sh FOLDER WORLD START ADDRESS NETWORK NODE`.
set -euo pipefail
folder=$1 world=$2 start=$3 address=$4 network=$5 node=$6
here=$(cd "$(dirname "$0")" && pwd)
root=$folder/root

hostname "blue-${folder##*/}"
ip link set lo up
# what a server before this one may have left
nsenter --net="$network" ip link delete "node${address##*.}" 2>/dev/null || true
ip link add eth0 type veth peer name "node${address##*.}" netns "$network"
nsenter --net="$network" ip link set "node${address##*.}" master bay up
ip address add "$address/24" dev eth0
ip link set eth0 up
ip route add 192.0.2.1 dev eth0
ip route add 169.254.169.254 dev eth0

mkdir -p "$root"
mount -t tmpfs tmpfs "$root"
mkdir -p "$root"/{usr,etc/ssl/certs,proc,dev,tmp,run/systemd/resolve,run/systemd/system,run/services,var/lib,var/cache,opt,srv}
mkdir -p "$root"/{root,sys,stand-ins,programs,etc/systemd/system,etc/default}
mount --rbind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
for name in bin sbin lib lib32 lib64 libx32; do
  if [[ -L /$name ]]; then cp -P "/$name" "$root/$name"; fi
done
install -d -m 1777 "$folder/services"
mount --bind "$folder/services" "$root/run/services"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
for file in passwd group shadow gshadow login.defs nsswitch.conf ld.so.conf ld.so.cache ld.so.conf.d alternatives ssl/openssl.cnf; do
  if [[ -e /etc/$file ]]; then cp -a "/etc/$file" "$root/etc/$file"; fi
done
for name in etcd kube; do sed -i "/^$name:/d" "$root"/etc/{passwd,group,shadow,gshadow}; done
cp "$world/world-ca.crt" "$root/etc/ssl/certs/ca-certificates.crt"
{
  echo '127.0.0.1 localhost'
  sed 's/^/192.0.2.1 /' "$world/hosts"
} >"$root/etc/hosts"
cp "$here"/stand-ins/system/* "$root/stand-ins/"
cp "$here"/stand-ins/programs/* "$root/programs/"
: >"$root/programs/node"
mount --bind "$node" "$root/programs/node"
cp -a "$folder/files/." "$root/"
while read -r name path; do
  : >"$root/stand-ins/$name"
  mount --bind "$path" "$root/stand-ins/$name"
done <"$folder/programs"
: >"$root/run/calls"
chmod 0666 "$root/run/calls"

status=0
chroot "$root" /usr/bin/env -i PATH=/stand-ins:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
  /bin/bash "$start" >"$folder/boot.log" 2>&1 </dev/null || status=$?
echo "booted $status"
cat >/dev/null
