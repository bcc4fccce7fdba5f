# All masters sign and check the tokens of service accounts with one key: the first to write it to etcd decides.
step 'key of service accounts'
service_account_key=/etc/kubernetes/service-account.key
mkdir -p /etc/kubernetes
getent group kube >/dev/null || groupadd --system kube
install -m 0640 -g kube /dev/null "$service_account_key"
retry 120 10 create_etcd service-account-key "$(openssl genrsa 2048 2>/dev/null | base64 --wrap 0)" ||
  fail 'etcd did not take the key of service accounts'
read_etcd service-account-key | json_string value | base64 --decode --ignore-garbage >"$service_account_key"
openssl rsa -check -noout -in "$service_account_key" >/dev/null
