# Marathon keeps containers running on the slaves. Older packages read a file a setting, newer ones the environment.
step 'Marathon'
settings /etc/marathon/conf master "$zookeeper/mesos" zk "$zookeeper/marathon" hostname "$NODE_IP"
{
  echo "MARATHON_MASTER=$zookeeper/mesos"
  echo "MARATHON_ZK=$zookeeper/marathon"
  echo "MARATHON_HOSTNAME=$NODE_IP"
} >/etc/default/marathon
start_services marathon

marathon_answers() {
  curl --silent --show-error --fail --noproxy '*' --max-time 10 --output /dev/null "http://$NODE_IP:8080/ping"
}
retry 120 5 marathon_answers || fail 'Marathon does not answer'
