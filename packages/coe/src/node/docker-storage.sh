# Where Docker keeps images and containers: the bay's own volume if it asked for one, else the node's disk.
docker_options=()

step 'Docker storage'
systemctl stop docker.socket docker || true # the image may start it at boot, or not
if [[ -n $docker_device && $DOCKER_STORAGE_DRIVER == devicemapper ]]; then
  docker_options+=(--storage-driver=devicemapper "--storage-opt=dm.directlvm_device=$docker_device")
elif [[ -n $docker_device ]]; then
  mount_docker_volume /var/lib/docker
fi
if [[ -n $DOCKER_STORAGE_DRIVER && $DOCKER_STORAGE_DRIVER != devicemapper ]]; then
  docker_options+=("--storage-driver=$DOCKER_STORAGE_DRIVER")
fi
