# containerd runs the pods.
step 'containerd'
if [[ -n $docker_device ]]; then mount_docker_volume /var/lib/containerd; fi
mkdir -p /etc/containerd/certs.d
if [[ -n $INSECURE_REGISTRY ]]; then
  mkdir -p "/etc/containerd/certs.d/$INSECURE_REGISTRY"
  cat >"/etc/containerd/certs.d/$INSECURE_REGISTRY/hosts.toml" <<CONFIGURATION
[host."https://$INSECURE_REGISTRY"]
  skip_verify = true
[host."http://$INSECURE_REGISTRY"]
CONFIGURATION
fi
cat >/etc/containerd/config.toml <<CONFIGURATION
version = 3
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
    BinaryName = "/opt/bin/runc"
    SystemdCgroup = true
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "$PAUSE_IMAGE"
[plugins."io.containerd.cri.v1.images".registry]
  config_path = "/etc/containerd/certs.d"
CONFIGURATION
cat >/etc/systemd/system/containerd.service <<'UNIT'
[Unit]
Description=containerd
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
Environment=PATH=/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/opt/bin/containerd
Delegate=yes
KillMode=process
Restart=always
RestartSec=5
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable containerd
systemctl restart containerd

# Images whose digest the bay names are there, and are that, before anything asks for them by their tag.
pull_named_images() {
  local image
  for image in ${IMAGE_DIGESTS//,/ }; do
    retry 20 15 ctr --namespace k8s.io images pull "$image" >/dev/null || fail "the image $image could not be pulled"
    ctr --namespace k8s.io images tag --force "$image" "${image%@*}" >/dev/null
  done
}
pull_named_images
