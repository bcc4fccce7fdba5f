# The cloud's metadata service gives this node's user data, with the node's credential in it, to whoever asks from here.
# Containers may not ask: what comes in by their bridges for that address is dropped before anything else is decided.
step 'metadata only for the node'
iptables=$(command -v iptables) || fail 'the image has no iptables'
cat >/etc/systemd/system/metadata-guard.service <<UNIT
[Unit]
Description=containers do not reach the metadata service
Before=docker.service
DefaultDependencies=no
After=local-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$iptables --wait --table raw --append PREROUTING --in-interface docker0 --destination 169.254.169.254 --jump DROP
ExecStart=$iptables --wait --table raw --append PREROUTING --in-interface br-+ --destination 169.254.169.254 --jump DROP

[Install]
WantedBy=multi-user.target
RequiredBy=docker.service
UNIT
systemctl daemon-reload
systemctl enable metadata-guard
systemctl start metadata-guard
