# What uses the node's certificates, started anew with others: the kubelet, and on masters etcd and the control plane, one
# master after the other.
public_certificate=apiserver
# Variables that the functions need when they serve again.
kept=(api_url)

# A pod of the control plane is another one to the kubelet once its manifest says anything else.
# mark_manifest NAME MARK
mark_manifest() {
  local file=/etc/kubernetes/manifests/$1.yaml changed
  changed=$(sed -e '/^    jeroboam\/authority: /d' -e "s|^  labels:\$|&\\n    jeroboam/authority: $2|" "$file")
  grep -q "jeroboam/authority: $2" <<<"$changed" || fail "$file is not as kubeadm writes it"
  install -m 0600 /dev/null "/etc/kubernetes/$1.next"
  echo "$changed" >"/etc/kubernetes/$1.next"
  mv "/etc/kubernetes/$1.next" "$file"
}

is_known() {
  kubectl --kubeconfig=/etc/kubernetes/kubelet.conf get node "$NODE_NAME" >/dev/null 2>&1
}

# control_plane_is_new MARK: the API is this node's own, so that it answers only when it is back.
control_plane_is_new() {
  local ready
  ready=$(kubectl --kubeconfig=/etc/kubernetes/admin.conf --server="https://$NODE_IP:$KUBE_API_PORT" --namespace kube-system \
    get pods --selector "jeroboam/authority=$1" --field-selector "spec.nodeName=$NODE_NAME" \
    --output 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}' 2>/dev/null) &&
    [[ $ready == 'True True True ' ]]
}

# Pods read what they trust when they start. Those that the bay came with are started anew while both authorities are
# trusted; whose own ask the Kubernetes API, their owner knows.
restart_bay_pods() {
  local admin=(kubectl --kubeconfig=/etc/kubernetes/admin.conf) namespace name
  for namespace in kube-system kube-flannel calico-system tigera-operator; do
    for name in $("${admin[@]}" --namespace "$namespace" get daemonsets,deployments --output name); do
      "${admin[@]}" --namespace "$namespace" patch "$name" --patch \
        "{\"spec\": {\"template\": {\"metadata\": {\"annotations\": {\"jeroboam/authority\": \"$1\"}}}}}" >/dev/null
      "${admin[@]}" --namespace "$namespace" rollout status "$name" --timeout=120s >/dev/null ||
        echo "$name in $namespace has not started anew" >&2
    done
  done
}

# use_certificates MARK
use_certificates() {
  local name
  write_kubeconfig kubelet server
  if [[ $NODE_ROLE == master ]]; then
    sleep $((${NODE_NAME##*-} * 60))
    for name in admin controller-manager scheduler; do write_kubeconfig "$name" "$name"; done
    cp "$CERTIFICATE_FOLDER/ca.crt" "$CERTIFICATE_FOLDER/front-proxy-ca.crt"
    for name in ca.crt server.crt server.key; do
      install -o etcd -m 0400 "$CERTIFICATE_FOLDER/$name" "/etc/etcd/certs/$name"
    done
    systemctl restart --no-block etcd
    retry 120 5 etcd_answers || fail "this master's etcd does not answer"
    for name in kube-apiserver kube-controller-manager kube-scheduler; do mark_manifest "$name" "$1"; done
  fi
  systemctl restart kubelet
  if [[ $NODE_ROLE == master ]]; then
    retry 120 5 control_plane_is_new "$1" || fail 'the control plane did not come back'
    if [[ ${1#*.} == renew && $NODE_IP == "${ETCD_MEMBERS%%,*}" ]]; then restart_bay_pods "$1"; fi
  fi
  retry 120 5 is_known || fail 'the Kubernetes API does not know this node any more'
}
