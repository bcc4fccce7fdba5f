# What masters and slaves share: where ZooKeeper is, and by which name others see this node. The image holds ZooKeeper,
# Mesos and Marathon, as packages with systemd units; which of them a node runs is decided here.
step 'Mesos in the image'
masters=${MESOS_MASTERS//,/ }
zookeeper="zk://${MESOS_MASTERS//,/:2181,}:2181"
public_name=${NODE_PUBLIC_IP:-$NODE_IP}

# settings FOLDER NAME VALUE...: one file a setting, as Mesos' packages read them; empty values are left to Mesos
settings() {
  local folder=$1
  shift
  mkdir -p "$folder"
  while (($# > 0)); do
    if [[ -n $2 ]]; then echo "$2" >"$folder/$1"; fi
    shift 2
  done
}

start_services() {
  local service
  systemctl daemon-reload
  for service in "$@"; do
    systemctl enable "$service"
    systemctl restart "$service"
  done
}

settings /etc/mesos zk "$zookeeper/mesos"
if [[ $NODE_ROLE == master ]]; then other_services=mesos-slave; else other_services='mesos-master marathon zookeeper'; fi
for service in $other_services; do
  systemctl disable --now "$service" || true # not in the image is as good
done
