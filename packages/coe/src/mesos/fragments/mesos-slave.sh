# A slave offers the node to the masters and runs what they send, in Docker's containers or Mesos' own.
step 'Mesos slave'
settings /etc/mesos-slave hostname "$public_name" ip "$NODE_IP" containerizers docker,mesos \
  executor_registration_timeout "$EXECUTOR_REGISTRATION_TIMEOUT" isolation "$MESOS_SLAVE_ISOLATION" \
  image_providers "$MESOS_SLAVE_IMAGE_PROVIDERS" work_dir "$MESOS_SLAVE_WORK_DIR"
start_services mesos-slave

step 'joining the bay'
registered() {
  curl --silent --fail --noproxy '*' --max-time 10 "http://$NODE_IP:5051/metrics/snapshot" |
    grep -E '"slave\\?/registered": *1' >/dev/null
}
retry 240 5 registered || fail "no Mesos master knows this slave; the masters are $masters"
