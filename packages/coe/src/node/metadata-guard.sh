# The cloud's metadata service gives this node's user data, with the node's credential in it, to whoever asks from here.
# Containers may not ask: what a bridge of theirs passes on to that address is dropped before anything else is decided.
# What the node asks itself does not come this way.
step 'metadata only for the node'
iptables=$(command -v iptables) || fail 'the image has no iptables'
cat >/etc/systemd/system/metadata-guard.service <<UNIT
[Unit]
Description=containers do not reach the metadata service
Before=docker.service kubelet.service
DefaultDependencies=no
After=local-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$iptables --wait --table raw --append PREROUTING --destination 169.254.169.254 --jump DROP

[Install]
WantedBy=multi-user.target
RequiredBy=docker.service kubelet.service
UNIT
systemctl daemon-reload
systemctl enable metadata-guard
systemctl start metadata-guard
