# The proxy is for what comes from outside the cloud: images that are pulled, and people at a shell.
step 'proxy'
if [[ -n $HTTP_PROXY$HTTPS_PROXY ]]; then
  direct="localhost,127.0.0.1,$NODE_IP,$NODE_NAME${NO_PROXY:+,$NO_PROXY}"
  for service in docker containerd; do
    mkdir -p "/etc/systemd/system/$service.service.d"
    {
      echo '[Service]'
      printf 'Environment="HTTP_PROXY=%s" "HTTPS_PROXY=%s" "NO_PROXY=%s"\n' \
        "$(unit_text "$HTTP_PROXY")" "$(unit_text "$HTTPS_PROXY")" "$(unit_text "$direct")"
    } >"/etc/systemd/system/$service.service.d/proxy.conf"
  done
  mkdir -p /etc/profile.d
  printf "export http_proxy='%s' https_proxy='%s' no_proxy='%s'\n" "$HTTP_PROXY" "$HTTPS_PROXY" "$direct" \
    >/etc/profile.d/bay-proxy.sh
fi
