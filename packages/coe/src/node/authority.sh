# A bay's authority may be replaced while the bay works (docs/bay-types.md). A node that is told so asks for what is trusted
# now, has its certificates signed by whoever signs now, and starts what uses them anew.

# fetch_next FOLDER PHASE: what is trusted from now on, and anew each certificate that another authority signed. In `renew`
# what clients see stays as it is: it is of the authority that all of them know.
fetch_next() {
  local present=$CERTIFICATE_FOLDER phase=$2 name organisation common usages names
  local CERTIFICATE_FOLDER=$1
  rm -rf "$CERTIFICATE_FOLDER"
  install -d -m 0700 "$CERTIFICATE_FOLDER"
  retry 3 10 fetch_authority || fail "the bay's certificate authorities could not be read"
  openssl x509 -in "$CERTIFICATE_FOLDER/ca.crt" -out "$CERTIFICATE_FOLDER/signer"
  while IFS='|' read -r name organisation common usages names; do
    if [[ -z $name || $phase == renew && $name == "$public_certificate" ]]; then continue; fi
    if openssl verify -CAfile "$CERTIFICATE_FOLDER/signer" "$present/$name.crt" >/dev/null 2>&1; then continue; fi
    make_certificate "$name" "$organisation" "$common" "$usages" "$names" </dev/null
  done <<<"$made_certificates"
}

# come_to_phase MARK: repeating it does what was cut short.
come_to_phase() {
  local next=$CERTIFICATE_FOLDER/.next file
  fetch_next "$next" "${1#*.}"
  mv "$next/ca.crt" "$CERTIFICATE_FOLDER/ca.crt"
  # the key first: a certificate that does not match it is of the older authority, and made again
  for file in "$next"/*.key "$next"/*.crt; do
    if [[ -e $file ]]; then mv "$file" "$CERTIFICATE_FOLDER/${file##*/}"; fi
  done
  rm -rf "$next"
  use_certificates "$1"
}

follow_authority() {
  follow certificate_rotation '^[0-9a-f-]{36}\.(trust|renew|serve|drop)$' come_to_phase
}

followers=(follow_authority)
