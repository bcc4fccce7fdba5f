# A Mesos master writes what it decides to most of the masters.
step 'Mesos master'
settings /etc/mesos-master quorum "$((number / 2 + 1))" hostname "$public_name" ip "$NODE_IP" cluster "$CLUSTER_NAME"
start_services mesos-master

master_answers() {
  curl --silent --show-error --fail --noproxy '*' --max-time 10 --output /dev/null "http://$NODE_IP:5050/health"
}
retry 120 5 master_answers || fail 'the Mesos master does not answer'
