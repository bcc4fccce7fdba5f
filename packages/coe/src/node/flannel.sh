# One network for the containers of all nodes: flannel gives this node its part of it, and Docker's bridge takes it.
if [[ $NETWORK_DRIVER == flannel ]]; then
  step 'flannel'
  retry 120 10 read_etcd network/config >/dev/null || fail 'etcd has no network for the containers'
  flanneld=$(command -v flanneld) || fail 'the image has no flanneld'
  etcd_options=(-etcd-prefix=/jeroboam/network)
  if is_true "$TLS_DISABLED"; then
    etcd_options+=("-etcd-endpoints=http://${ETCD_MEMBERS//,/:2379,http://}:2379")
  else
    etcd_options+=("-etcd-endpoints=https://${ETCD_MEMBERS//,/:2379,https://}:2379"
      "-etcd-cafile=$CERTIFICATE_FOLDER/ca.crt" "-etcd-certfile=$CERTIFICATE_FOLDER/server.crt"
      "-etcd-keyfile=$CERTIFICATE_FOLDER/server.key")
  fi

  mkdir -p /opt/jeroboam/bin
  cat >/opt/jeroboam/bin/docker-network <<'SCRIPT'
#!/bin/sh
# After each start of flannel: the options by which Docker's bridge takes this node's part of the network.
set -eu
. /run/flannel/subnet.env
echo "BAY_NETWORK_OPTIONS=--bip=$FLANNEL_SUBNET --mtu=$FLANNEL_MTU --ip-masq=false" >/run/flannel/bay
SCRIPT
  chmod 0755 /opt/jeroboam/bin/docker-network

  cat >/etc/systemd/system/flanneld.service <<UNIT
[Unit]
Description=flannel
Wants=network-online.target
After=network-online.target etcd.service
Before=docker.service

[Service]
Type=notify
ExecStart=$flanneld ${etcd_options[*]} -iface=$NODE_IP -ip-masq
ExecStartPost=/opt/jeroboam/bin/docker-network
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT

  mkdir -p /etc/systemd/system/docker.service.d
  cat >/etc/systemd/system/docker.service.d/flannel.conf <<'UNIT'
[Unit]
Requires=flanneld.service
After=flanneld.service

[Service]
EnvironmentFile=/run/flannel/bay
UNIT
  systemctl daemon-reload
  systemctl enable flanneld
  systemctl restart flanneld
fi
