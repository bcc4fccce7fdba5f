# The kubelet runs pods under Docker and makes this node one of the bay's.
step 'kubelet'
minor=$(kubernetes_minor kubelet)
if ((minor < 8 || minor > 23)); then fail "Kubernetes v1.$minor in the image cannot run pods under Docker"; fi
mkdir -p /etc/kubernetes/manifests
write_kubeconfig kubelet server
node_options=(
  --kubeconfig=/etc/kubernetes/kubelet.kubeconfig "--hostname-override=$NODE_NAME" "--node-ip=$NODE_IP"
  --pod-manifest-path=/etc/kubernetes/manifests --read-only-port=0
  "--cgroup-driver=$(docker info 2>/dev/null | sed -n 's/^ *Cgroup Driver: *//p')"
  "--node-labels=$NODE_LABELS"
)
if [[ -n $NODE_TAINTS ]]; then node_options+=("--register-with-taints=$NODE_TAINTS"); fi
if ! is_true "$TLS_DISABLED"; then
  node_options+=(
    "--client-ca-file=$CERTIFICATE_FOLDER/ca.crt" --anonymous-auth=false --authorization-mode=Webhook
    "--tls-cert-file=$CERTIFICATE_FOLDER/server.crt" "--tls-private-key-file=$CERTIFICATE_FOLDER/server.key"
  )
fi
if supports kubelet allow-privileged; then node_options+=("--allow-privileged=$KUBE_ALLOW_PRIV"); fi
run_as_service kubelet root docker.service "${node_options[@]}" "$cloud_provider_options" "$KUBELET_OPTIONS"

step 'joining the bay'
retry 240 5 call_kubernetes "/api/v1/nodes/$NODE_NAME" >/dev/null 2>&1 || fail 'the node did not join the bay'
