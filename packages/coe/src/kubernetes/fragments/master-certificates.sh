# A master's certificates: one for all that listens on it, one for each program that speaks to the API.
if ! is_true "$TLS_DISABLED"; then
  step 'certificates'
  IFS=./ read -r portal_a portal_b portal_c portal_d _ <<<"$PORTAL_NETWORK_CIDR"
  names="DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  names+=",DNS:localhost,DNS:$NODE_NAME,IP:127.0.0.1,IP:$portal_a.$portal_b.$portal_c.$((portal_d + 1))"
  for address in "$NODE_IP" "$NODE_PUBLIC_IP" "$KUBE_API_PUBLIC_ADDRESS" "$KUBE_API_PRIVATE_ADDRESS"; do
    if [[ -n $address ]]; then names+=",IP:$address"; fi
  done
  make_certificate server system:masters kube-apiserver 'clientAuth, serverAuth' "$names"
  make_certificate controller-manager '' system:kube-controller-manager clientAuth
  make_certificate scheduler '' system:kube-scheduler clientAuth
  make_certificate proxy '' system:kube-proxy clientAuth
fi
