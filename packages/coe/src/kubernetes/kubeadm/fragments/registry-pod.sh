# The registry is a pod that the kubelet keeps, on the node's own loopback.
if is_true "$REGISTRY_ENABLED"; then
  cat >/etc/kubernetes/manifests/registry.yaml <<MANIFEST
apiVersion: v1
kind: Pod
metadata: {name: registry, namespace: kube-system}
spec:
  containers:
    - name: registry
      image: $REGISTRY_IMAGE
      ports: [{containerPort: 5000, hostPort: $REGISTRY_PORT, hostIP: 127.0.0.1}]
      volumeMounts: [{name: configuration, mountPath: /etc/docker/registry/config.yml, readOnly: true}]
  volumes:
    - {name: configuration, hostPath: {path: /etc/sysconfig/registry-config.yml, type: File}}
MANIFEST
fi
