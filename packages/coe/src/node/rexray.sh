# REX-Ray lets containers use the cloud's volumes, by the nodes' own credential.
if [[ $VOLUME_DRIVER == rexray ]]; then
  step 'REX-Ray'
  rexray=$(command -v rexray) || fail 'the image has no rexray'
  mkdir -p /etc/rexray
  install -m 0600 /dev/null /etc/rexray/config.yml
  {
    echo 'libstorage:'
    echo '  service: cinder'
    echo '  integration: {volume: {operations: {mount: {preempt: '"$(is_true "$REXRAY_PREEMPT" && echo true || echo false)"'}}}}'
    echo 'cinder:'
    echo "  authURL: '$AUTH_URL'"
    echo "  userID: '$TRUSTEE_USER_ID'"
    echo "  password: '$TRUSTEE_PASSWORD'"
    if [[ -n $TRUST_ID ]]; then echo "  trustID: '$TRUST_ID'"; else echo "  tenantID: '$TRUSTEE_PROJECT_ID'"; fi
    if [[ -n $REGION_NAME ]]; then echo "  regionName: '$REGION_NAME'"; fi
  } >/etc/rexray/config.yml
  cat >/etc/systemd/system/rexray.service <<UNIT
[Unit]
Description=REX-Ray
Wants=network-online.target
After=network-online.target
Before=docker.service

[Service]
ExecStart=$rexray start -f
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable rexray
  systemctl restart rexray
fi
