# One etcd member on each master. The members name each other by the addresses Heat gave them before any booted, so no
# discovery service is needed; one is used only if the bay names it.
step 'etcd'
etcd=$(command -v etcd) || fail 'the image has no etcd'
etcd_scheme=http
if ! is_true "$TLS_DISABLED"; then etcd_scheme=https; fi

getent passwd etcd >/dev/null || useradd --system --no-create-home --home-dir /var/lib/etcd --shell /sbin/nologin etcd
install -d -o etcd -m 0700 /var/lib/etcd
mkdir -p /etc/etcd
{
  echo "ETCD_NAME=$NODE_IP"
  echo "ETCD_DATA_DIR=/var/lib/etcd/default.etcd"
  echo "ETCD_LISTEN_CLIENT_URLS=$etcd_scheme://$NODE_IP:2379,$etcd_scheme://127.0.0.1:2379"
  echo "ETCD_ADVERTISE_CLIENT_URLS=$etcd_scheme://$NODE_IP:2379"
  echo "ETCD_LISTEN_PEER_URLS=$etcd_scheme://$NODE_IP:2380"
  echo "ETCD_INITIAL_ADVERTISE_PEER_URLS=$etcd_scheme://$NODE_IP:2380"
  # flannel keeps its network in the second generation of etcd's API, which newer versions serve on demand
  echo "ETCD_ENABLE_V2=true"
  if [[ -n $ETCD_DISCOVERY_URL ]]; then
    echo "ETCD_DISCOVERY=$ETCD_DISCOVERY_URL"
    if [[ -n $HTTPS_PROXY$HTTP_PROXY ]]; then echo "ETCD_DISCOVERY_PROXY=${HTTPS_PROXY:-$HTTP_PROXY}"; fi
  else
    initial_cluster=''
    for member in ${ETCD_MEMBERS//,/ }; do
      initial_cluster+="${initial_cluster:+,}$member=$etcd_scheme://$member:2380"
    done
    echo "ETCD_INITIAL_CLUSTER=$initial_cluster"
    echo "ETCD_INITIAL_CLUSTER_TOKEN=$BAY_UUID"
    echo "ETCD_INITIAL_CLUSTER_STATE=new"
  fi
  if ! is_true "$TLS_DISABLED"; then
    for side in '' PEER_; do
      echo "ETCD_${side}CERT_FILE=/etc/etcd/certs/server.crt"
      echo "ETCD_${side}KEY_FILE=/etc/etcd/certs/server.key"
      echo "ETCD_${side}TRUSTED_CA_FILE=/etc/etcd/certs/ca.crt"
      echo "ETCD_${side}CLIENT_CERT_AUTH=true"
    done
  fi
} >/etc/etcd/etcd.conf
if ! is_true "$TLS_DISABLED"; then
  install -d -o etcd -m 0700 /etc/etcd/certs
  for file in ca.crt server.crt server.key; do
    install -o etcd -m 0400 "$CERTIFICATE_FOLDER/$file" /etc/etcd/certs/
  done
fi

cat >/etc/systemd/system/etcd.service <<UNIT
[Unit]
Description=etcd
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
User=etcd
EnvironmentFile=/etc/etcd/etcd.conf
ExecStart=$etcd
Restart=always
RestartSec=5
# the members of a new cluster wait for each other
TimeoutStartSec=infinity
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable etcd
systemctl restart --no-block etcd
