# The control plane: kubeadm writes the pods of API server, controllers and scheduler from what stands here. Every master
# does it for itself, and nothing needs to be copied from one to another but the key of service accounts.
step 'control plane'
install -m 0600 "$service_account_key" "$CERTIFICATE_FOLDER/sa.key"
openssl rsa -in "$CERTIFICATE_FOLDER/sa.key" -pubout -out "$CERTIFICATE_FOLDER/sa.pub" 2>/dev/null
write_kubeconfig admin admin
write_kubeconfig controller-manager controller-manager
write_kubeconfig scheduler scheduler

# argument_list OPTIONS: a flag of the bay's as kubeadm writes it; one without a value is true
argument_list() {
  local option
  for option in $1; do
    [[ $option == --?* ]] || fail "$option is no option of the form --name=value"
    option=${option#--}
    if [[ $option != *=* ]]; then option+='=true'; fi
    printf '    - {name: "%s", value: "%s"}\n' "${option%%=*}" "${option#*=}"
  done
}

write_kubeadm_configuration() {
  local member etcd_endpoints='' proxy_network=''
  for member in ${ETCD_MEMBERS//,/ }; do
    etcd_endpoints+="${etcd_endpoints:+, }\"https://$member:2379\""
  done
  if [[ -n $KUBE_POD_CIDR ]]; then proxy_network="clusterCIDR: $KUBE_POD_CIDR"; fi
  cat >/etc/kubernetes/kubeadm.yaml <<CONFIGURATION
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: $NODE_IP, bindPort: $KUBE_API_PORT}
nodeRegistration: {name: $NODE_NAME, criSocket: "unix:///run/containerd/containerd.sock"}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: $BAY_NAME
kubernetesVersion: $KUBE_TAG
controlPlaneEndpoint: $KUBE_MASTER_IP:$KUBE_API_PORT
certificatesDir: $CERTIFICATE_FOLDER
imageRepository: $KUBE_IMAGE_REPOSITORY
networking: {podSubnet: $KUBE_POD_CIDR, serviceSubnet: $PORTAL_NETWORK_CIDR, dnsDomain: cluster.local}
etcd:
  external:
    endpoints: [$etcd_endpoints]
    caFile: $CERTIFICATE_FOLDER/ca.crt
    certFile: $CERTIFICATE_FOLDER/server.crt
    keyFile: $CERTIFICATE_FOLDER/server.key
apiServer:
  extraArgs:
    - {name: kubelet-certificate-authority, value: "$CERTIFICATE_FOLDER/ca.crt"}
    - {name: enable-admission-plugins, value: "NodeRestriction${ADMISSION_CONTROL_LIST:+,$ADMISSION_CONTROL_LIST}"}
$(argument_list "$KUBEAPI_OPTIONS")
controllerManager:
  extraArgs:
    - {name: node-cidr-mask-size, value: "$KUBE_POD_SUBNETLEN"}
$(argument_list "$KUBECONTROLLER_OPTIONS")
scheduler:
  extraArgs:
    - {name: v, value: "2"}
$(argument_list "$KUBESCHEDULER_OPTIONS")
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
$proxy_network
CONFIGURATION
  chmod 0600 /etc/kubernetes/kubeadm.yaml
}

write_kubeadm_configuration
kubeadm init phase control-plane all --config /etc/kubernetes/kubeadm.yaml

step 'Kubernetes API'
export KUBECONFIG=/etc/kubernetes/admin.conf
api_is_ready() {
  kubectl --server="https://$NODE_IP:$KUBE_API_PORT" get --raw /readyz >/dev/null 2>&1
}
retry 240 5 api_is_ready || fail 'the Kubernetes API did not become ready'
node_is_known() {
  kubectl get node "$NODE_NAME" >/dev/null 2>&1
}
retry 120 5 node_is_known || fail 'the master is not a node of its bay'
retry 12 10 kubeadm init phase mark-control-plane --config /etc/kubernetes/kubeadm.yaml ||
  fail 'the master could not be marked as one'
