# A worker is ready when the API knows it.
step 'joining the bay'
joined() {
  kubectl --kubeconfig=/etc/kubernetes/kubelet.conf get node "$NODE_NAME" >/dev/null 2>&1
}
retry 360 5 joined || fail 'the node did not join the bay'
