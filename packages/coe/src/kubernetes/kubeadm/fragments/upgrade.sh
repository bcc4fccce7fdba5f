# Other versions come to a master in place, to one master after the other (docs/bay-types.md): the service says to which, as it
# tells a master that is made now. etcd keeps its data, and what a bay has once is seen to by the first master.
versioned=(KUBE_TAG KUBE_IMAGE_REPOSITORY PAUSE_IMAGE IMAGE_DIGESTS CONTAINER_INFRA_PREFIX DOWNLOADS DOWNLOAD_MIRROR NETWORK_CHART)
kept+=(versioned)

# read_versions FILE: in the form of heat-params
read_versions() {
  local answer name value
  answer=$(call_cloud "$token" "${MAGNUM_URL%/}/certificates/$BAY_UUID/nodes/$NODE_NAME") || return 1
  for name in "${versioned[@]}"; do
    value=$(json_string "${name,,}" <<<"$answer")
    if [[ $value == *[\'\\]* || $value == *$'\n'* ]]; then return 1; fi
    printf "%s='%s'\n" "$name" "$value"
  done >"$1"
  grep -q "^KUBE_TAG='v1\." "$1"
}

ask_api() {
  kubectl --server="https://$NODE_IP:$KUBE_API_PORT" "$@" 2>/dev/null
}

# By this master's own API server: it answers, is of the version, and so are controllers and scheduler, which are ready.
control_plane_has_come() {
  local version pods
  ask_api get --raw /readyz >/dev/null || return 1
  version=$(ask_api get --raw /version | tr -d ' \n') || return 1
  [[ $version == *"\"gitVersion\":\"$KUBE_TAG\""* ]] || return 1
  pods=$(ask_api --namespace kube-system get pods --selector tier=control-plane \
    --field-selector "spec.nodeName=$NODE_NAME" --output \
    'jsonpath={range .items[*]}{.spec.containers[0].image}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}') ||
    return 1
  [[ $(grep -c ":$KUBE_TAG True\$" <<<"$pods") == 3 ]]
}

kubelet_has_come() {
  local node
  node=$(ask_api get node "$NODE_NAME" --output \
    'jsonpath={.status.nodeInfo.kubeletVersion} {.status.conditions[?(@.type=="Ready")].status}') || return 1
  [[ $node == "$KUBE_TAG True" ]]
}

# upgrade_master: repeating it does what was cut short; what is to be done is known by the versions, which are kept last.
upgrade_master() {
  local next=/opt/next versions=/etc/jeroboam/versions present_downloads=$DOWNLOADS present_chart=$NETWORK_CHART program
  export KUBECONFIG=/etc/kubernetes/admin.conf
  retry 3 10 read_versions "$versions.next" || fail 'the service did not say which versions to come to'
  # shellcheck source=/dev/null
  . "$versions.next"

  step 'programs'
  rm -rf "$next"
  fetch_programs "$next"

  step "control plane $KUBE_TAG"
  for program in kubeadm kubectl; do take_program "$program"; done
  pull_named_images
  write_kubeadm_configuration
  retry 6 10 kubeadm config images pull --config /etc/kubernetes/kubeadm.yaml >/dev/null ||
    fail "the images of Kubernetes $KUBE_TAG could not be pulled"
  kubeadm init phase control-plane all --config /etc/kubernetes/kubeadm.yaml
  retry 120 5 control_plane_has_come || fail "the control plane did not come back as $KUBE_TAG"

  step 'services'
  for program in "$next"/bin/*; do
    if [[ -e $program ]]; then take_program "${program##*/}"; fi
  done
  for program in "$next"/cni/bin/*; do
    if [[ -e $program ]]; then mv "$program" /opt/cni/bin/; fi
  done
  rm -rf "$next"
  if is_other etcd; then
    systemctl restart --no-block etcd
    retry 120 5 etcd_answers || fail "this master's etcd does not answer"
  fi
  if is_other containerd; then systemctl restart containerd; fi
  systemctl restart kubelet
  retry 120 5 kubelet_has_come || fail "the kubelet did not come back as $KUBE_TAG"
  retry 120 5 control_plane_has_come || fail "the control plane did not come back as $KUBE_TAG"

  if is_first_master; then
    step 'names and services'
    install_addons
    if [[ $NETWORK_CHART != "$present_chart" ]]; then install_network; fi
  fi
  mv "$versions.next" "$versions"
}

# take_program NAME: one that runs goes on with the file it was started from
take_program() {
  if [[ -e $next/bin/$1 ]]; then mv "$next/bin/$1" "/opt/bin/$1"; fi
}

# come_to_versions MARK: a failure ends it. Whoever looks after the bay says when to try again.
come_to_versions() {
  local status file=/var/lib/jeroboam/master_upgrade-failure
  set +e
  (
    set -e
    trap 'note_failure $?' EXIT
    upgrade_master
  )
  status=$?
  set -e
  if ((status != 0)) && [[ -z $(<"$file") ]]; then return "$status"; fi
}

note_failure() {
  local reason="$step_name: ${failure:-a command ended with status $1}"
  if (($1 != 0)); then echo "${reason//[^a-zA-Z0-9 .,:\/_-]/ }" >"$file"; fi
}

# The mark says which operation, and which master of the bay is at it.
follow_versions() {
  follow master_upgrade "^[0-9a-f-]{36}\\.${NODE_NAME##*-}\$" come_to_versions
}

followers+=(follow_versions)
