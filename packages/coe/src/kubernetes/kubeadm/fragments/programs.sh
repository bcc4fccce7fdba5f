# The programs of a node, each of the version that the bay names.
step 'programs'
mkdir -p /opt/bin /opt/cni/bin /var/cache/jeroboam

for program in kubelet kubeadm kubectl runc; do
  fetch "$program" "/opt/bin/$program"
  chmod 0755 "/opt/bin/$program"
done
fetch containerd /var/cache/jeroboam/containerd.tar.gz
tar --extract --gzip --file=/var/cache/jeroboam/containerd.tar.gz --directory=/opt/bin --strip-components=1 --no-same-owner
fetch cni-plugins /var/cache/jeroboam/cni-plugins.tgz
tar --extract --gzip --file=/var/cache/jeroboam/cni-plugins.tgz --directory=/opt/cni/bin --no-same-owner
if [[ $NODE_ROLE == master ]]; then
  fetch etcd /var/cache/jeroboam/etcd.tar.gz
  tar --extract --gzip --file=/var/cache/jeroboam/etcd.tar.gz --directory=/opt/bin --strip-components=1 --no-same-owner \
    --wildcards '*/etcd' '*/etcdctl'
fi
rm -rf /var/cache/jeroboam
