# What a bay has once: the first master sees to it, and repeating it changes nothing.
# install_chart NAME NAMESPACE HELM-ARGUMENTS...: NETWORK_CHART is REPOSITORY|NAME|VERSION|CHECKSUM; without a checksum, that of
# the repository's own index counts.
chart_in_index() {
  awk -v chart="$1" -v version="$2" '{ gsub(/["\047]/, "") }
    $1 == "digest:" { digest = $2 }
    $1 == "name:" { name = $2 }
    $1 == "-" && $2 ~ /\.tgz$/ { address = $2 }
    $1 == "version:" && $2 == version && name == chart { print digest, address; exit }' "$3"
}

install_chart() {
  local repository chart version checksum digest address folder=/var/cache/jeroboam name=$1 namespace=$2
  shift 2
  IFS='|' read -r repository chart version checksum <<<"$NETWORK_CHART"
  fetch helm "$folder/helm.tar.gz"
  tar --extract --gzip --file="$folder/helm.tar.gz" --directory=/opt/bin --strip-components=1 --no-same-owner linux-amd64/helm
  retry 20 15 download "$repository/index.yaml" "$folder/index.yaml" || fail "$repository/index.yaml could not be fetched"
  read -r digest address < <(chart_in_index "$chart" "$version" "$folder/index.yaml") ||
    fail "$repository has no $chart $version"
  if [[ $address != https://* ]]; then address=$repository/$address; fi
  if [[ -n $DOWNLOAD_MIRROR && $address != "$DOWNLOAD_MIRROR"/* ]]; then address=$DOWNLOAD_MIRROR/${address#https://}; fi
  retry 20 15 download "$address" "$folder/chart.tgz" || fail "$address could not be fetched"
  digest=${checksum:-$digest}
  require_checksum "$folder/chart.tgz" "${digest#sha256:}" "$address"
  retry 12 10 helm upgrade --install "$name" "$folder/chart.tgz" --namespace "$namespace" --create-namespace "$@" ||
    fail "$chart $version could not be installed"
  rm -rf "$folder"
}

is_first_master() {
  [[ $NODE_IP == "${ETCD_MEMBERS%%,*}" ]]
}

install_addons() {
  retry 12 10 kubeadm init phase upload-config kubeadm --config /etc/kubernetes/kubeadm.yaml ||
    fail "kubeadm's configuration could not be kept"
  retry 12 10 kubeadm init phase addon all --config /etc/kubernetes/kubeadm.yaml ||
    fail 'CoreDNS and kube-proxy could not be installed'
}

# what pods send goes through the node's own interfaces: nothing else may take a pod's place
install_network() {
  local chart_values
  case $NETWORK_DRIVER in
    flannel)
      kubectl create namespace kube-flannel --dry-run=client --output=yaml | kubectl apply --filename=- >/dev/null
      kubectl label --overwrite namespace kube-flannel pod-security.kubernetes.io/enforce=privileged >/dev/null
      chart_values=(--set "podCidr=$KUBE_POD_CIDR" --set "flannel.backend=$FLANNEL_BACKEND")
      if [[ -n $CONTAINER_INFRA_PREFIX ]]; then
        chart_values+=(--set "flannel.image.repository=${CONTAINER_INFRA_PREFIX}flannel"
          --set "flannel.image_cni.repository=${CONTAINER_INFRA_PREFIX}flannel-cni-plugin")
      fi
      install_chart flannel kube-flannel "${chart_values[@]}"
      ;;
    calico)
      chart_values=(--set "installation.calicoNetwork.ipPools[0].cidr=$KUBE_POD_CIDR"
        --set "installation.calicoNetwork.ipPools[0].encapsulation=$CALICO_ENCAPSULATION"
        --set 'goldmane.enabled=false' --set 'whisker.enabled=false')
      if [[ -n $CONTAINER_INFRA_PREFIX ]]; then
        chart_values+=(--set "tigeraOperator.registry=${CONTAINER_INFRA_PREFIX%%/*}"
          --set "installation.registry=${CONTAINER_INFRA_PREFIX}" --set 'installation.imagePath=calico')
      fi
      install_chart calico tigera-operator "${chart_values[@]}"
      ;;
    cilium)
      chart_values=(--set ipam.mode=kubernetes --set "k8s.requireIPv4PodCIDR=true")
      if [[ -n $CONTAINER_INFRA_PREFIX ]]; then
        chart_values+=(--set "image.repository=${CONTAINER_INFRA_PREFIX}cilium" --set envoy.enabled=false
          --set "operator.image.repository=${CONTAINER_INFRA_PREFIX}operator")
      fi
      install_chart cilium kube-system "${chart_values[@]}"
      ;;
  esac
}

if is_first_master; then
  step 'access of the service'
  # The service that made this bay reads and drains nodes under this name.
  bind_conductor() {
    kubectl create clusterrolebinding magnum-conductor --clusterrole=cluster-admin --user=Magnum-Conductor \
      --dry-run=client --output=yaml | kubectl apply --filename=- >/dev/null
  }
  retry 30 5 bind_conductor || fail 'the service was not given access to the Kubernetes API'

  step 'names and services'
  install_addons

  step "network of pods: $NETWORK_DRIVER"
  install_network
fi
