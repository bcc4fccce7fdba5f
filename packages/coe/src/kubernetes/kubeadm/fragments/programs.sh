# The programs of a node, each of the version that the bay names.
step 'programs'
# What was fetched before: nothing at the first boot.
present_downloads=''

# is_other NAME: whether what is to be fetched under that name is not there yet.
is_other() {
  [[ " $present_downloads " != *" $(download_of "$1") "* ]]
}

# fetch_archive NAME FOLDER TAR-OPTIONS...
fetch_archive() {
  local file=/var/cache/jeroboam/$1
  is_other "$1" || return 0
  fetch "$1" "$file"
  tar --extract --gzip --file="$file" --directory="$2" --no-same-owner "${@:3}"
}

# fetch_programs FOLDER: those that are others, into its bin and cni/bin.
fetch_programs() {
  local folder=$1 program
  mkdir -p "$folder/bin" "$folder/cni/bin" /var/cache/jeroboam
  for program in kubelet kubeadm kubectl runc; do
    is_other "$program" || continue
    fetch "$program" "$folder/bin/$program"
    chmod 0755 "$folder/bin/$program"
  done
  fetch_archive containerd "$folder/bin" --strip-components=1
  fetch_archive cni-plugins "$folder/cni/bin"
  if [[ $NODE_ROLE == master ]]; then
    fetch_archive etcd "$folder/bin" --strip-components=1 --wildcards '*/etcd' '*/etcdctl'
  fi
  rm -rf /var/cache/jeroboam
}

fetch_programs /opt
