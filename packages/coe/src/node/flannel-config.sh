# Tells flannel's daemons, on all nodes, which network they share.
if [[ $NETWORK_DRIVER == flannel ]]; then
  step 'flannel network'
  network=$(printf '{"Network": "%s", "SubnetLen": %s, "Backend": {"Type": "%s"}}' \
    "$FLANNEL_NETWORK_CIDR" "$FLANNEL_NETWORK_SUBNETLEN" "$FLANNEL_BACKEND")
  retry 120 10 create_etcd network/config "$network" || fail 'etcd did not take the network of the pods'
fi
