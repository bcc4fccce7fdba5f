# Services: every node forwards what is sent to a service's address to one of its pods.
step 'kube-proxy'
write_kubeconfig kube-proxy proxy
run_as_service kube-proxy root '' --kubeconfig=/etc/kubernetes/kube-proxy.kubeconfig "--hostname-override=$NODE_NAME" \
  --proxy-mode=iptables "--cluster-cidr=$FLANNEL_NETWORK_CIDR" "$KUBEPROXY_OPTIONS"
