# What the image lacks comes from where its publisher has it, or from a mirror of that: by https, of one version, and only
# if it is what a checksum says, which the bay names or the publisher's own file of checksums does.
# DOWNLOADS: entries of NAME|ADDRESS|CHECKSUM without blanks; a checksum is sha256:HEX or the address of such a file.
download() {
  https_proxy=$HTTPS_PROXY no_proxy=$NO_PROXY curl --silent --show-error --fail --location --proto '=https' \
    --proto-redir '=https' --tlsv1.2 --connect-timeout 10 --max-time 900 --output "$2" "$1"
}

# checksum_in FILE NAME: a file of checksums holds one alone, or lines of one and a name.
checksum_in() {
  awk -v name="$2" 'NF == 1 { print $1; exit } $2 == name || $2 == "*" name { print $1; exit }' "$1"
}

require_checksum() {
  [[ $2 =~ ^[0-9a-f]{64}$ ]] || fail "there is no SHA-256 checksum of $3"
  if ! sha256sum --check --status <<<"$2  $1"; then
    rm -f "$1"
    fail "$3 is not what its checksum says"
  fi
}

# download_of NAME: its entry
download_of() {
  local entry
  for entry in $DOWNLOADS; do
    if [[ ${entry%%|*} == "$1" ]]; then echo "$entry"; fi
  done
}

# fetch NAME PATH
fetch() {
  local path=$2 address checksum
  IFS='|' read -r _ address checksum <<<"$(download_of "$1")"
  [[ -n $address ]] || fail "nothing says where $1 comes from"
  mkdir -p "${path%/*}"
  retry 20 15 download "$address" "$path" || fail "$address could not be fetched"
  if [[ $checksum == https://* ]]; then
    retry 20 15 download "$checksum" "$path.checksums" || fail "$checksum could not be fetched"
    checksum=$(checksum_in "$path.checksums" "${address##*/}")
    rm -f "$path.checksums"
  fi
  require_checksum "$path" "${checksum#sha256:}" "$address"
}
