# The control plane: API server, controllers, scheduler.
step 'control plane'
minor=$(kubernetes_minor kube-apiserver)
if ((minor < 8)); then fail "Kubernetes v1.$minor in the image is older than v1.8"; fi

etcd_servers="$etcd_scheme://${ETCD_MEMBERS//,/:2379,$etcd_scheme://}:2379"
api_options=(
  "--etcd-servers=$etcd_servers" "--advertise-address=$NODE_IP" --bind-address=0.0.0.0
  "--service-cluster-ip-range=$PORTAL_NETWORK_CIDR" "--allow-privileged=$KUBE_ALLOW_PRIV"
  "--service-account-key-file=$service_account_key"
)
if is_true "$TLS_DISABLED"; then
  if ((minor >= 20)); then fail "tls_disabled needs Kubernetes before v1.20; the image has v1.$minor"; fi
  install -d -o kube /var/lib/kube-apiserver
  api_options+=(--insecure-bind-address=0.0.0.0 "--insecure-port=$KUBE_API_PORT" --cert-dir=/var/lib/kube-apiserver)
else
  api_options+=(
    "--secure-port=$KUBE_API_PORT" "--client-ca-file=$CERTIFICATE_FOLDER/ca.crt"
    "--tls-cert-file=$CERTIFICATE_FOLDER/server.crt" "--tls-private-key-file=$CERTIFICATE_FOLDER/server.key"
    "--etcd-cafile=$CERTIFICATE_FOLDER/ca.crt" "--etcd-certfile=$CERTIFICATE_FOLDER/server.crt"
    "--etcd-keyfile=$CERTIFICATE_FOLDER/server.key"
    "--kubelet-client-certificate=$CERTIFICATE_FOLDER/server.crt"
    "--kubelet-client-key=$CERTIFICATE_FOLDER/server.key"
    "--kubelet-certificate-authority=$CERTIFICATE_FOLDER/ca.crt"
    '--authorization-mode=Node,RBAC' '--kubelet-preferred-address-types=InternalIP,Hostname'
  )
  if ((minor < 20)); then api_options+=(--insecure-port=0); fi
fi
if supports kube-apiserver enable-admission-plugins; then
  api_options+=("--enable-admission-plugins=NodeRestriction${ADMISSION_CONTROL_LIST:+,$ADMISSION_CONTROL_LIST}")
elif [[ -n $ADMISSION_CONTROL_LIST ]]; then
  api_options+=("--admission-control=$ADMISSION_CONTROL_LIST")
fi
if supports kube-apiserver service-account-signing-key-file && ((minor >= 20)); then
  api_options+=(--service-account-issuer=https://kubernetes.default.svc
    "--service-account-signing-key-file=$service_account_key")
fi
run_as_service kube-apiserver kube etcd.service "${api_options[@]}" "$KUBEAPI_OPTIONS"

write_kubeconfig kube-controller-manager controller-manager
controller_options=(--kubeconfig=/etc/kubernetes/kube-controller-manager.kubeconfig --leader-elect=true
  --use-service-account-credentials=true "--service-account-private-key-file=$service_account_key")
if ! is_true "$TLS_DISABLED"; then controller_options+=("--root-ca-file=$CERTIFICATE_FOLDER/ca.crt"); fi
run_as_service kube-controller-manager kube kube-apiserver.service "${controller_options[@]}" \
  "$cloud_provider_options" "$KUBECONTROLLER_OPTIONS"

write_kubeconfig kube-scheduler scheduler
run_as_service kube-scheduler kube kube-apiserver.service --kubeconfig=/etc/kubernetes/kube-scheduler.kubeconfig \
  --leader-elect=true "$KUBESCHEDULER_OPTIONS"

step 'Kubernetes API'
retry 120 5 call_kubernetes /healthz >/dev/null || fail 'the Kubernetes API did not become healthy'

# The service that made this bay reads pods and nodes under this name.
binding='{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
  "metadata": {"name": "magnum-conductor"},
  "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
  "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "Magnum-Conductor"}]}'
bind_conductor() {
  call_kubernetes /apis/rbac.authorization.k8s.io/v1/clusterrolebindings/magnum-conductor --output /dev/null 2>/dev/null ||
    call_kubernetes /apis/rbac.authorization.k8s.io/v1/clusterrolebindings --output /dev/null \
      --header 'Content-Type: application/json' --data "$binding"
}
if ! is_true "$TLS_DISABLED"; then
  retry 30 5 bind_conductor || fail 'the service was not given access to the Kubernetes API'
fi
