# What pods need of the kernel.
step 'kernel'
mkdir -p /etc/modules-load.d /etc/sysctl.d
printf '%s\n' overlay br_netfilter >/etc/modules-load.d/kubernetes.conf
modprobe --all overlay br_netfilter || true # built into some kernels
cat >/etc/sysctl.d/90-kubernetes.conf <<'CONFIGURATION'
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
CONFIGURATION
sysctl --quiet --load=/etc/sysctl.d/90-kubernetes.conf || fail 'the kernel does not forward packets'
swapoff --all # the kubelet does not start beside swap
