# The first master makes the swarm, unless one of the others is in one already: then it is a new server in its place. All
# others join: a manager tells whoever has a certificate of the bay with which word.
step 'swarm'
swarm_state() {
  docker info --format '{{.Swarm.LocalNodeState}}'
}

join_swarm() {
  local manager token role=Worker
  if [[ $NODE_ROLE == master ]]; then role=Manager; fi
  for manager in ${SWARM_MANAGERS//,/ }; do
    if [[ $manager == "$NODE_IP" ]]; then continue; fi
    token=$(call_manager "$manager" /swarm 2>/dev/null | json_string "$role") || continue
    if [[ -n $token ]] && docker swarm join --token "$token" --advertise-addr "$NODE_IP" "$manager:2377"; then return 0; fi
  done
  return 1
}

# A manager that was lost still counts among those of whom most must be up, until the one in its place has it forgotten; so
# does one whose server is no more.
forget_managers() {
  local own managers manager address remaining=0
  own=$(docker info --format '{{.Swarm.NodeID}}')
  managers=$(docker node ls --quiet --filter role=manager) || return 1
  for manager in $managers; do
    address=$(docker node inspect --format '{{with .ManagerStatus}}{{.Addr}}{{end}}' "$manager") || return 1
    address=${address%:*}
    if [[ $manager == "$own" || ($address != "$NODE_IP" && ,$SWARM_MANAGERS, == *",$address,"*) ]]; then continue; fi
    docker node demote "$manager" >/dev/null && docker node rm --force "$manager" >/dev/null || remaining=1
  done
  return "$remaining"
}

if [[ $(swarm_state) != active ]]; then
  if [[ $NODE_IP == "${SWARM_MANAGERS%%,*}" ]]; then
    join_swarm || docker swarm init --advertise-addr "$NODE_IP" --default-addr-pool "$CONTAINER_NETWORKS" >/dev/null
  else
    retry 240 5 join_swarm || fail 'no manager took this node in'
  fi
fi
[[ $(swarm_state) == active ]] || fail 'the node is not in the swarm'
if [[ $NODE_ROLE == master ]]; then
  retry 60 5 forget_managers || fail 'the swarm does not forget the manager in whose place this one is'
  retry 60 5 call_manager 127.0.0.1 /_ping >/dev/null || fail "the manager's Docker does not answer"
fi
