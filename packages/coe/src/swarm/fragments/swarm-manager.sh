# A manager on each master; one of them leads, the others pass on what they are asked.
step 'swarm manager'
run_swarm swarm-manager "manage -H tcp://0.0.0.0:$SWARM_PORT --replication --advertise=$NODE_IP:$SWARM_PORT --strategy=$SWARM_STRATEGY $swarm_tls_options $swarm_store_options"
retry 240 5 call_docker "127.0.0.1:$SWARM_PORT" /_ping >/dev/null 2>&1 || fail 'the swarm manager does not answer'
