# The kubelet runs what the API and /etc/kubernetes/manifests say. A master takes no pods but those that bear with it.
step 'kubelet'
mkdir -p /etc/kubernetes/manifests /var/lib/kubelet
IFS=./ read -r portal_a portal_b portal_c portal_d _ <<<"$PORTAL_NETWORK_CIDR"
cat >/var/lib/kubelet/config.yaml <<CONFIGURATION
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $CERTIFICATE_FOLDER/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $CERTIFICATE_FOLDER/server.crt
tlsPrivateKeyFile: $CERTIFICATE_FOLDER/server.key
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: systemd
clusterDNS: [$portal_a.$portal_b.$portal_c.$((portal_d + 10))]
clusterDomain: cluster.local
staticPodPath: /etc/kubernetes/manifests
CONFIGURATION
if [[ -e /run/systemd/resolve/resolv.conf ]]; then
  echo 'resolvConf: /run/systemd/resolve/resolv.conf' >>/var/lib/kubelet/config.yaml
fi
kubelet_arguments=(--config=/var/lib/kubelet/config.yaml --kubeconfig=/etc/kubernetes/kubelet.conf
  "--hostname-override=$NODE_NAME" "--node-ip=$NODE_IP" "--node-labels=$NODE_LABELS")
if [[ -n $NODE_TAINTS ]]; then kubelet_arguments+=("--register-with-taints=$NODE_TAINTS"); fi
cat >/etc/systemd/system/kubelet.service <<UNIT
[Unit]
Description=kubelet
Requires=containerd.service
After=containerd.service metadata-guard.service

[Service]
Environment=PATH=/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/opt/bin/kubelet $(unit_text "${kubelet_arguments[*]} $KUBELET_OPTIONS")
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable kubelet
systemctl restart kubelet
