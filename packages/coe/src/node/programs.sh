# Programs that the image of the nodes lacks, or has in another version, come out of container images.

# install_programs IMAGE FOLDER PROGRAM...: puts programs, which lie in a folder of the image, into /opt/bin.
install_programs() {
  local image=$1 folder=$2 container program
  shift 2
  retry 30 10 docker pull --quiet "$image" >/dev/null || fail "the image $image could not be pulled"
  container=$(docker create "$image" none)
  for program in "$@"; do
    docker cp "$container:$folder/$program" "/opt/bin/$program"
    chmod 0755 "/opt/bin/$program"
  done
  docker rm "$container" >/dev/null
}

if [[ -n $KUBE_IMAGE$ETCD_IMAGE$FLANNEL_IMAGE ]]; then
  step 'programs from images'
  mkdir -p /opt/bin
  systemctl daemon-reload
  systemctl restart docker # it may run since before the proxy was known
  if [[ -n $KUBE_IMAGE && $NODE_ROLE == master ]]; then
    install_programs "$KUBE_IMAGE" /usr/local/bin kube-apiserver kube-controller-manager kube-scheduler kube-proxy
  elif [[ -n $KUBE_IMAGE ]]; then
    install_programs "$KUBE_IMAGE" /usr/local/bin kubelet kube-proxy
  fi
  if [[ -n $ETCD_IMAGE && $NODE_ROLE == master ]]; then install_programs "$ETCD_IMAGE" /usr/local/bin etcd; fi
  if [[ -n $FLANNEL_IMAGE && $NETWORK_DRIVER == flannel ]]; then install_programs "$FLANNEL_IMAGE" /opt/bin flanneld; fi
fi
