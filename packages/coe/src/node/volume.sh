# The volume that the bay gave this node for its containers, if it asked for one.
find_docker_volume() {
  local link
  for link in /dev/disk/by-id/*"${DOCKER_VOLUME:0:20}"; do
    if [[ -b $link ]]; then
      docker_device=$(readlink -f "$link")
      return 0
    fi
  done
  return 1
}

# mount_docker_volume FOLDER: a file system that is there already holds what an earlier try of this step wrote.
mount_docker_volume() {
  blkid "$docker_device" >/dev/null || mkfs.xfs -n ftype=1 "$docker_device"
  mkdir -p "$1"
  grep -q " $1 " /etc/fstab ||
    echo "UUID=$(blkid -s UUID -o value "$docker_device") $1 xfs defaults,nofail 0 0" >>/etc/fstab
  mountpoint -q "$1" || mount "$1"
}

docker_device=''
if [[ -n $DOCKER_VOLUME ]]; then
  step 'volume for containers'
  retry 60 5 find_docker_volume || fail 'the volume for containers did not appear'
fi
