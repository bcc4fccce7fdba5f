# Reading and writing etcd's second API, with this node's certificate.
# call_etcd PATH CURL-ARGUMENTS...: asks the members in turn until one answers.
call_etcd() {
  local path=$1 scheme=http options=(--silent --show-error --fail --noproxy '*' --connect-timeout 5 --max-time 15) member
  shift
  if ! is_true "$TLS_DISABLED"; then
    scheme=https
    options+=(--cacert "$CERTIFICATE_FOLDER/ca.crt" --cert "$CERTIFICATE_FOLDER/server.crt"
      --key "$CERTIFICATE_FOLDER/server.key")
  fi
  for member in ${ETCD_MEMBERS//,/ }; do
    if curl "${options[@]}" "$@" "$scheme://$member:2379$path"; then return 0; fi
  done
  return 1
}

read_etcd() {
  call_etcd "/v2/keys/jeroboam/$1"
}

# create_etcd KEY VALUE: the first master to write a key decides; true if the key is there afterwards.
create_etcd() {
  read_etcd "$1" >/dev/null 2>&1 ||
    call_etcd "/v2/keys/jeroboam/$1?prevExist=false" --output /dev/null --request PUT --data-urlencode "value@-" <<<"$2" ||
    read_etcd "$1" >/dev/null
}
