# The agent keeps this node's engine known in etcd, where the managers look.
step 'swarm agent'
swarm_store="etcd://${ETCD_MEMBERS//,/:2379,}:2379/swarm"

# run_swarm NAME ARGUMENTS: manager or agent, as a container that starts with Docker
run_swarm() {
  local docker
  docker=$(command -v docker) || fail 'the image has no docker'
  cat >"/etc/systemd/system/$1.service" <<UNIT
[Unit]
Description=$1
Requires=docker.service
After=docker.service

[Service]
ExecStartPre=-$docker rm -f $1
ExecStart=$docker run --rm --name $1 --net host -v $CERTIFICATE_FOLDER:$CERTIFICATE_FOLDER:ro $(unit_text "$SWARM_IMAGE") $2 $swarm_store
ExecStop=$docker stop $1
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable "$1"
  systemctl restart --no-block "$1"
}

retry 60 5 call_docker "127.0.0.1:$docker_port" /_ping >/dev/null || fail 'Docker does not answer'
run_swarm swarm-agent "join --addr=$NODE_IP:$docker_port $swarm_store_options"
