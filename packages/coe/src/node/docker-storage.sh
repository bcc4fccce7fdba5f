# Where Docker keeps images and containers: the bay's own volume if it asked for one, else the node's disk.
docker_options=()

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

step 'Docker storage'
systemctl stop docker.socket docker || true # the image may start it at boot, or not
docker_device=''
if [[ -n $DOCKER_VOLUME ]]; then
  retry 60 5 find_docker_volume || fail 'the volume for Docker did not appear'
fi

if [[ -n $docker_device && $DOCKER_STORAGE_DRIVER == devicemapper ]]; then
  docker_options+=(--storage-driver=devicemapper "--storage-opt=dm.directlvm_device=$docker_device")
elif [[ -n $docker_device ]]; then
  # a file system that is there already holds what an earlier try of this step wrote
  blkid "$docker_device" >/dev/null || mkfs.xfs -n ftype=1 "$docker_device"
  mkdir -p /var/lib/docker
  grep -q ' /var/lib/docker ' /etc/fstab ||
    echo "UUID=$(blkid -s UUID -o value "$docker_device") /var/lib/docker xfs defaults,nofail 0 0" >>/etc/fstab
  mountpoint -q /var/lib/docker || mount /var/lib/docker
fi
if [[ -n $DOCKER_STORAGE_DRIVER && $DOCKER_STORAGE_DRIVER != devicemapper ]]; then
  docker_options+=("--storage-driver=$DOCKER_STORAGE_DRIVER")
fi
