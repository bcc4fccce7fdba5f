# With the Cinder volume driver Kubernetes attaches the cloud's volumes itself, by the node's own credential.
cloud_provider_options=''
if [[ $VOLUME_DRIVER == cinder ]]; then
  step 'cloud configuration'
  mkdir -p /etc/kubernetes
  install -m 0640 -g kube /dev/null /etc/kubernetes/cloud-config
  {
    echo '[Global]'
    echo "auth-url = \"$AUTH_URL\""
    echo "user-id = \"$TRUSTEE_USER_ID\""
    echo "password = \"$TRUSTEE_PASSWORD\""
    if [[ -n $TRUST_ID ]]; then echo "trust-id = \"$TRUST_ID\""; else echo "tenant-id = \"$TRUSTEE_PROJECT_ID\""; fi
    if [[ -n $REGION_NAME ]]; then echo "region = \"$REGION_NAME\""; fi
    if [[ -n $openstack_ca ]]; then echo "ca-file = \"$openstack_ca\""; fi
    echo '[LoadBalancer]'
    echo 'use-octavia = true'
    if [[ -n $CLUSTER_SUBNET ]]; then echo "subnet-id = \"$CLUSTER_SUBNET\""; fi
    echo '[BlockStorage]'
    echo 'bs-version = v3'
  } >/etc/kubernetes/cloud-config
  cloud_provider_options='--cloud-provider=openstack --cloud-config=/etc/kubernetes/cloud-config'
fi
