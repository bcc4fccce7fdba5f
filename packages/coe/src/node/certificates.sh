# Certificates of the bay's own authority. Keys are made here and never leave the node; the service signs requests.
token=''

request_token() {
  token=$(keystone_token) && [[ -n $token ]]
}

fetch_authority() {
  call_cloud "$token" "${MAGNUM_URL%/}/certificates/$BAY_UUID" | json_string pem >"$CERTIFICATE_FOLDER/ca.crt" &&
    openssl x509 -noout -in "$CERTIFICATE_FOLDER/ca.crt"
}

sign() {
  local request
  request="{\"bay_uuid\": \"$BAY_UUID\", \"csr\": \"$(awk '{ printf "%s\\n", $0 }' "$1.csr")\"}"
  call_cloud "$token" --request POST --data "$request" "${MAGNUM_URL%/}/certificates" | json_string pem >"$1.crt" &&
    openssl verify -CAfile "$CERTIFICATE_FOLDER/ca.crt" "$1.crt" >/dev/null
}

# The arguments of every certificate that was made, a line each, to make it again.
made_certificates=''

# make_certificate NAME ORGANISATION COMMON-NAME USAGES [ALTERNATIVE-NAMES]: NAME.key and NAME.crt in the folder.
make_certificate() {
  local path=$CERTIFICATE_FOLDER/$1 name='' extensions
  extensions="keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = $4"
  if [[ -n $2 ]]; then name="O = $2"; fi
  if [[ -n ${5:-} ]]; then extensions="$extensions
subjectAltName = $5"; fi
  (umask 077 && openssl ecparam -name prime256v1 -genkey -noout -out "$path.key")
  openssl req -new -sha256 -key "$path.key" -out "$path.csr" -config /dev/stdin <<CONFIGURATION
[req]
prompt = no
distinguished_name = subject
req_extensions = extensions
[subject]
$name
CN = $3
[extensions]
$extensions
CONFIGURATION
  retry 12 10 sign "$path" || fail "the certificate $1 was not signed"
  rm "$path.csr"
  chgrp "$CERTIFICATE_GROUP" "$path.key"
  chmod 0440 "$path.key"
  made_certificates+="$1|$2|$3|$4|${5:-}"$'\n'
}

if ! is_true "$TLS_DISABLED"; then
  step 'certificate authority'
  getent group "$CERTIFICATE_GROUP" >/dev/null || groupadd --system "$CERTIFICATE_GROUP"
  mkdir -p "$CERTIFICATE_FOLDER"
  retry 30 10 request_token || fail 'Keystone gave no token'
  retry 30 10 fetch_authority || fail "the bay's certificate authority could not be read"
fi
