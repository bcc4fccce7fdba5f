# A manager's Docker listens for the world, to whoever has a certificate of the bay. A worker's does not listen at all.
docker_scheme=http
if ! is_true "$TLS_DISABLED"; then docker_scheme=https; fi
if [[ $NODE_ROLE == master ]]; then
  docker_options+=(-H "tcp://0.0.0.0:$SWARM_PORT")
  if ! is_true "$TLS_DISABLED"; then
    docker_options+=(--tlsverify "--tlscacert=$CERTIFICATE_FOLDER/ca.crt" "--tlscert=$CERTIFICATE_FOLDER/server.crt"
      "--tlskey=$CERTIFICATE_FOLDER/server.key")
  fi
fi

# call_manager ADDRESS PATH
call_manager() {
  local options=(--silent --show-error --fail --noproxy '*' --connect-timeout 5 --max-time 30)
  if ! is_true "$TLS_DISABLED"; then
    options+=(--cacert "$CERTIFICATE_FOLDER/ca.crt" --cert "$CERTIFICATE_FOLDER/server.crt"
      --key "$CERTIFICATE_FOLDER/server.key")
  fi
  curl "${options[@]}" "$docker_scheme://$1:$SWARM_PORT$2"
}
