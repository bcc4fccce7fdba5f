# One ZooKeeper server on each master; a server's number is its place among the masters.
step 'ZooKeeper'
mkdir -p /etc/zookeeper/conf /var/lib/zookeeper
{
  echo 'tickTime=2000'
  echo 'initLimit=10'
  echo 'syncLimit=5'
  echo 'dataDir=/var/lib/zookeeper'
  echo 'clientPort=2181'
} >/etc/zookeeper/conf/zoo.cfg
number=0
for master in $masters; do
  number=$((number + 1))
  echo "server.$number=$master:2888:3888" >>/etc/zookeeper/conf/zoo.cfg
  if [[ $master == "$NODE_IP" ]]; then echo "$number" >/etc/zookeeper/conf/myid; fi
done
ln -sf /etc/zookeeper/conf/myid /var/lib/zookeeper/myid
start_services zookeeper
