# A node is ready when a manager counts it in.
step 'joining the bay'

joined() {
  local manager
  for manager in "$SWARM_API_PRIVATE_ADDRESS" ${ETCD_MEMBERS//,/ }; do
    if [[ -n $manager ]] && call_docker "$manager:$SWARM_PORT" /info 2>/dev/null | grep -F "$NODE_IP:$docker_port" >/dev/null
    then
      return 0
    fi
  done
  return 1
}

retry 240 5 joined || fail 'no swarm manager knows this node'
