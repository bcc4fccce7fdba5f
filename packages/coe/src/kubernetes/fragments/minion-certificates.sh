# A worker's certificates: the kubelet's, by which it serves and is known, and the proxy's.
if ! is_true "$TLS_DISABLED"; then
  step 'certificates'
  names="DNS:$NODE_NAME,IP:$NODE_IP"
  if [[ -n $NODE_PUBLIC_IP ]]; then names+=",IP:$NODE_PUBLIC_IP"; fi
  make_certificate server system:nodes "system:node:$NODE_NAME" 'clientAuth, serverAuth' "$names"
  make_certificate proxy '' system:kube-proxy clientAuth
fi
