# The node's own certificate: the kubelet serves with it and is known by it, and etcd's members know each other by it.
# Those of the control plane are on masters alone. The authority's key stays with the service: kubeadm calls that an
# external authority.
step 'certificates'
names="DNS:localhost,DNS:$NODE_NAME,IP:127.0.0.1,IP:$NODE_IP"
if [[ -n $NODE_PUBLIC_IP ]]; then names+=",IP:$NODE_PUBLIC_IP"; fi
make_certificate server system:nodes "system:node:$NODE_NAME" 'clientAuth, serverAuth' "$names"

if [[ $NODE_ROLE == master ]]; then
  IFS=./ read -r portal_a portal_b portal_c portal_d _ <<<"$PORTAL_NETWORK_CIDR"
  names+=",DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  names+=",IP:$portal_a.$portal_b.$portal_c.$((portal_d + 1))"
  for address in "$KUBE_API_PUBLIC_ADDRESS" "$KUBE_API_PRIVATE_ADDRESS"; do
    if [[ -n $address ]]; then names+=",IP:$address"; fi
  done
  make_certificate apiserver '' kube-apiserver serverAuth "$names"
  make_certificate apiserver-kubelet-client system:masters kube-apiserver-kubelet-client clientAuth
  make_certificate front-proxy-client '' front-proxy-client clientAuth
  make_certificate admin system:masters kubernetes-admin clientAuth
  make_certificate controller-manager '' system:kube-controller-manager clientAuth
  make_certificate scheduler '' system:kube-scheduler clientAuth
  cp "$CERTIFICATE_FOLDER/ca.crt" "$CERTIFICATE_FOLDER/front-proxy-ca.crt"
fi

# write_kubeconfig NAME CERTIFICATE: /etc/kubernetes/NAME.conf with everything in it, for root alone
api_url=https://$KUBE_MASTER_IP:$KUBE_API_PORT
write_kubeconfig() {
  local file=/etc/kubernetes/$1.conf path=$CERTIFICATE_FOLDER/$2
  install -m 0600 /dev/null "$file"
  cat >"$file" <<CONFIGURATION
apiVersion: v1
kind: Config
clusters:
  - name: bay
    cluster: {server: "$api_url", certificate-authority-data: $(base64 --wrap=0 "$CERTIFICATE_FOLDER/ca.crt")}
users:
  - name: $1
    user:
      client-certificate-data: $(base64 --wrap=0 "$path.crt")
      client-key-data: $(base64 --wrap=0 "$path.key")
contexts: [{name: bay, context: {cluster: bay, user: $1}}]
current-context: bay
CONFIGURATION
}

write_kubeconfig kubelet server
