# What the Kubernetes steps share: which programs the image has, and how they are made to run.
step 'Kubernetes in the image'

# kubernetes_minor PROGRAM: 20 for v1.20.2
kubernetes_minor() {
  "$1" --version | sed -n 's/^Kubernetes v1\.\([0-9]*\).*/\1/p'
}

# supports PROGRAM FLAG: whether this version of the program knows a flag.
supports() {
  "$1" --help 2>&1 | grep -e "--$2[ =]" >/dev/null
}

# run_as_service NAME USER AFTER ARGUMENTS...: makes a unit of a program of Kubernetes and starts it.
run_as_service() {
  local name=$1 user=$2 after=$3 program argument command
  shift 3
  program=$(command -v "$name") || fail "the image has no $name"
  command=$program
  for argument in "$@"; do
    if [[ -n $argument ]]; then command+=" \\
  $(unit_text "$argument")"; fi
  done
  cat >"/etc/systemd/system/$name.service" <<UNIT
[Unit]
Description=$name
Wants=network-online.target
After=network-online.target $after

[Service]
User=$user
ExecStart=$command
Restart=always
RestartSec=5
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable "$name"
  systemctl restart "$name"
}

# api_url: the API as this node reaches it
if [[ $NODE_ROLE == master ]]; then api_host=127.0.0.1; else api_host=$KUBE_MASTER_IP; fi
if is_true "$TLS_DISABLED"; then api_url=http://$api_host:$KUBE_API_PORT; else api_url=https://$api_host:$KUBE_API_PORT; fi

# call_kubernetes PATH CURL-ARGUMENTS...: as this node
call_kubernetes() {
  local path=$1 options=(--silent --show-error --fail --noproxy '*' --connect-timeout 5 --max-time 30)
  shift
  if ! is_true "$TLS_DISABLED"; then
    options+=(--cacert "$CERTIFICATE_FOLDER/ca.crt" --cert "$CERTIFICATE_FOLDER/server.crt"
      --key "$CERTIFICATE_FOLDER/server.key")
  fi
  curl "${options[@]}" "$@" "$api_url$path"
}

# write_kubeconfig NAME: how the program of that name reaches the API, with the certificate of the same name
write_kubeconfig() {
  local file=/etc/kubernetes/$1.kubeconfig authority='' user='{}'
  if ! is_true "$TLS_DISABLED"; then
    authority=", certificate-authority: $CERTIFICATE_FOLDER/ca.crt"
    user="{client-certificate: $CERTIFICATE_FOLDER/$2.crt, client-key: $CERTIFICATE_FOLDER/$2.key}"
  fi
  mkdir -p /etc/kubernetes
  cat >"$file" <<CONFIGURATION
apiVersion: v1
kind: Config
clusters: [{name: bay, cluster: {server: "$api_url"$authority}}]
users: [{name: $1, user: $user}]
contexts: [{name: bay, context: {cluster: bay, user: $1}}]
current-context: bay
CONFIGURATION
}

getent group kube >/dev/null || groupadd --system kube
getent passwd kube >/dev/null ||
  useradd --system --no-create-home --home-dir /srv/kubernetes --shell /sbin/nologin --gid kube kube
