# Starts Docker as the image's unit does, with the options of this bay behind those of the image.
step 'Docker'
if [[ -n $INSECURE_REGISTRY ]]; then docker_options+=("--insecure-registry=$INSECURE_REGISTRY"); fi

docker_unit=/etc/systemd/system/docker.service.d/bay.conf
mkdir -p "${docker_unit%/*}"
rm -f "$docker_unit"
systemctl daemon-reload
# the last command of the unit and its drop-ins, its lines joined
docker_command=$(systemctl cat docker.service | sed -e ':join' -e '/\\$/{N;s/\\\n//;b join' -e '}' |
  sed -n 's/^ExecStart=\(..*\)/\1/p' | tail -n 1)
[[ -n $docker_command ]] || fail 'the image has no unit for Docker'
case "${docker_options[*]-} $docker_command" in
  *tcp://*fd://* | *tcp://*unix://*) ;;
  *tcp://*) docker_options+=(-H unix:///var/run/docker.sock) ;; # naming one socket takes the default one away
esac
{
  echo '[Service]'
  echo 'ExecStart='
  # flannel's part of the bridge, where there is flannel, comes from its daemon
  echo "ExecStart=$docker_command $(unit_text "${docker_options[*]-}") \$BAY_NETWORK_OPTIONS"
} >"$docker_unit"

rm -f /etc/docker/key.json # who this engine is, an image cannot know
systemctl daemon-reload
systemctl stop docker || true # not running is as good
# a bridge made before flannel had an address of its own
if ip link show docker0 >/dev/null 2>&1; then ip link delete docker0; fi
systemctl enable docker
systemctl start docker
