# Starts Docker with the options of this bay; they go where Fedora's unit reads them.
step 'Docker'
docker_options=()
if [[ -n $INSECURE_REGISTRY ]]; then docker_options+=("--insecure-registry=$INSECURE_REGISTRY"); fi
if ((${#docker_options[@]} > 0)); then
  image_options=$(
    set +u
    OPTIONS=''
    # shellcheck source=/dev/null
    if [[ -f /etc/sysconfig/docker ]]; then . /etc/sysconfig/docker; fi
    echo "$OPTIONS"
  )
  echo "OPTIONS='$image_options ${docker_options[*]}'" >>/etc/sysconfig/docker
fi
systemctl daemon-reload
systemctl enable docker
systemctl stop docker || true # not running is as good
# a bridge made before flannel had an address of its own
if ip link show docker0 >/dev/null 2>&1; then ip link delete docker0; fi
systemctl start docker
