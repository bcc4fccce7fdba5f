# One certificate a node: Docker and the manager serve with it, and call each other with it.
if ! is_true "$TLS_DISABLED"; then
  step 'certificates'
  names="DNS:localhost,DNS:$NODE_NAME,IP:127.0.0.1"
  for address in "$NODE_IP" "$NODE_PUBLIC_IP" "$SWARM_API_PUBLIC_ADDRESS" "$SWARM_API_PRIVATE_ADDRESS"; do
    if [[ -n $address ]]; then names+=",IP:$address"; fi
  done
  make_certificate server '' swarm.invalid 'clientAuth, serverAuth' "$names"
fi
