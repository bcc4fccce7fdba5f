# Docker of its publisher's packages, of one version. Their list is signed; the key is known by its fingerprint. Nothing
# comes from any other source that the image may name: not all of them speak https.
step 'Docker packages'
key=/etc/apt/keyrings/docker.asc
mkdir -p "${key%/*}" /etc/apt/sources.list.d
retry 20 15 download "$DOCKER_REPOSITORY/gpg" "$key" || fail "$DOCKER_REPOSITORY/gpg could not be fetched"
fingerprints=$(gpg --show-keys --with-colons "$key" | awk -F: '$1 == "pub" { main = 1 } $1 == "fpr" && main { print $10; main = 0 }')
[[ $fingerprints == "$DOCKER_KEY_FINGERPRINT" ]] || fail "the key of $DOCKER_REPOSITORY is not the one it should be"

# shellcheck source=/dev/null
system=$(. /etc/os-release && echo "$ID.$VERSION_ID~$VERSION_CODENAME")
echo "deb [arch=amd64 signed-by=$key] $DOCKER_REPOSITORY ${system#*~} stable" >/etc/apt/sources.list.d/docker.list
chmod 0644 /etc/apt/sources.list.d/docker.list "$key"
apt_options=(--quiet --option=Dir::Etc::sourcelist=/etc/apt/sources.list.d/docker.list --option=Dir::Etc::sourceparts=-
  --option=DPkg::Lock::Timeout=600 --option=APT::Get::List-Cleanup=0)
if [[ -n $HTTPS_PROXY ]]; then apt_options+=("--option=Acquire::https::Proxy=$HTTPS_PROXY"); fi
export DEBIAN_FRONTEND=noninteractive
install_docker() {
  apt-get "${apt_options[@]}" update &&
    apt-get "${apt_options[@]}" install --yes --no-install-recommends --allow-downgrades \
      "docker-ce=5:$DOCKER_VERSION-1~$system" "docker-ce-cli=5:$DOCKER_VERSION-1~$system" \
      "containerd.io=$CONTAINERD_VERSION-1~$system"
}
retry 10 30 install_docker || fail "Docker $DOCKER_VERSION could not be installed"
apt-mark hold docker-ce docker-ce-cli containerd.io
