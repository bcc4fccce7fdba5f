# A registry on each worker, on localhost, that keeps its images in the bay owner's object storage; the node's own
# credential opens it.
if is_true "$REGISTRY_ENABLED"; then
  step 'registry'
  url=${AUTH_URL%/}
  url=${url%/v2.0}
  (
    umask 077
    cat >/etc/sysconfig/registry-config.yml <<CONFIGURATION
version: 0.1
log: {level: info}
http: {addr: ":5000"}
storage:
  cache: {blobdescriptor: inmemory}
  swift:
    authurl: '${url%/v3}/v3'
    username: '$TRUSTEE_USERNAME'
    domainid: '$TRUSTEE_DOMAIN_ID'
    password: '$TRUSTEE_PASSWORD'
    trustid: '$TRUST_ID'
    tenantid: '$TRUSTEE_PROJECT_ID'
    region: '$REGISTRY_REGION'
    container: '$REGISTRY_CONTAINER'
    insecureskipverify: $(if is_true "$REGISTRY_INSECURE"; then echo true; else echo false; fi)
    chunksize: $REGISTRY_CHUNKSIZE
CONFIGURATION
  )
fi
