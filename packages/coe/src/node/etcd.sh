# One etcd member on each master. The first members name each other by the addresses Heat gave them before any booted, so no
# discovery service is needed; one is used only if the bay names it.
step 'etcd'
etcd=$(command -v etcd) || fail 'the image has no etcd'
etcd_scheme=http
if ! is_true "$TLS_DISABLED"; then etcd_scheme=https; fi

# etcd_members: a line for each member that a master which is up knows: its id, its address, a mark if it ever started.
etcd_members() {
  call_etcd /v2/members 2>/dev/null | tr -d ' \n' | grep -o '{"id":[^}]*}' |
    sed -E 's#.*"id":"([^"]+)".*"peerURLs":\["https?://([^":]+):.*"clientURLs":\[("?).*#\1 \2 \3#'
}

# Where there is a cluster already, this server is new in a master's place: it has the address, but nothing of what was kept
# under it. The others forget the member that was there, and those whose servers are no more, and take this one in.
etcd_state=new
join_etcd() {
  local members id address started is_member=''
  members=$(etcd_members) || return 0 # no master has an etcd yet
  etcd_state=existing
  while read -r id address started; do
    if [[ $address == "$NODE_IP" && -z $started ]]; then
      is_member=yes
    elif [[ $address == "$NODE_IP" || ,$ETCD_MEMBERS, != *",$address,"* ]]; then
      call_etcd "/v2/members/$id" --output /dev/null --request DELETE || return 1
    fi
  done <<<"$members"
  [[ -n $is_member ]] || call_etcd /v2/members --output /dev/null --header 'Content-Type: application/json' \
    --data "{\"peerURLs\": [\"$etcd_scheme://$NODE_IP:2380\"]}"
}
retry 30 10 join_etcd || fail 'etcd took no new member in place of the one that was lost: most of the masters must be up'
etcd_addresses=${ETCD_MEMBERS//,/ }
if [[ $etcd_state == existing ]]; then
  etcd_addresses=$(etcd_members | awk '{ print $2 }') || fail 'etcd does not say which members it has'
fi

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
  if [[ -n $ETCD_DISCOVERY_URL && $etcd_state == new ]]; then
    echo "ETCD_DISCOVERY=$ETCD_DISCOVERY_URL"
    if [[ -n $HTTPS_PROXY$HTTP_PROXY ]]; then echo "ETCD_DISCOVERY_PROXY=${HTTPS_PROXY:-$HTTP_PROXY}"; fi
  else
    initial_cluster=''
    for member in $etcd_addresses; do
      initial_cluster+="${initial_cluster:+,}$member=$etcd_scheme://$member:2380"
    done
    echo "ETCD_INITIAL_CLUSTER=$initial_cluster"
    echo "ETCD_INITIAL_CLUSTER_TOKEN=$BAY_UUID"
    echo "ETCD_INITIAL_CLUSTER_STATE=$etcd_state"
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

# A master whose own etcd does not run is no master more: with the next one that is lost, the bay would be.
etcd_answers() {
  ETCD_MEMBERS=$NODE_IP call_etcd /health --output /dev/null 2>/dev/null
}
retry 240 5 etcd_answers || fail "this master's etcd does not answer: most of the masters must be up"
