# Docker listens for the managers, on a port that only members of the bay reach.
docker_port=2375
docker_options+=(-H "tcp://0.0.0.0:$docker_port")
swarm_tls_options=''
swarm_store_options=''
docker_scheme=http
if ! is_true "$TLS_DISABLED"; then
  docker_scheme=https
  swarm_tls_options="--tlsverify --tlscacert=$CERTIFICATE_FOLDER/ca.crt --tlscert=$CERTIFICATE_FOLDER/server.crt --tlskey=$CERTIFICATE_FOLDER/server.key"
  docker_options+=("$swarm_tls_options")
  swarm_store_options="--discovery-opt kv.cacertfile=$CERTIFICATE_FOLDER/ca.crt --discovery-opt kv.certfile=$CERTIFICATE_FOLDER/server.crt --discovery-opt kv.keyfile=$CERTIFICATE_FOLDER/server.key"
fi

# call_docker HOST:PORT PATH: an engine, or a manager
call_docker() {
  local options=(--silent --show-error --fail --noproxy '*' --connect-timeout 5 --max-time 30)
  if ! is_true "$TLS_DISABLED"; then
    options+=(--cacert "$CERTIFICATE_FOLDER/ca.crt" --cert "$CERTIFICATE_FOLDER/server.crt"
      --key "$CERTIFICATE_FOLDER/server.key")
  fi
  curl "${options[@]}" "$docker_scheme://$1$2"
}
