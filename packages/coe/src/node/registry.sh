# The registry as a container that Docker keeps.
if is_true "$REGISTRY_ENABLED"; then
  docker=$(command -v docker)
  cat >/etc/systemd/system/registry.service <<UNIT
[Unit]
Description=registry of container images
Requires=docker.service
After=docker.service

[Service]
ExecStartPre=-$docker rm -f registry
ExecStart=$docker run --name registry -p 127.0.0.1:$REGISTRY_PORT:5000 -v /etc/sysconfig/registry-config.yml:/etc/docker/registry/config.yml:ro $(unit_text "$REGISTRY_IMAGE")
ExecStop=$docker stop registry
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable registry
  systemctl start --no-block registry
fi
