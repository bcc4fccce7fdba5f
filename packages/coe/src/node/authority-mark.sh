# rotation_mark: what the node is to come to, where its bay's authority is being replaced, or was; asked of the cloud's
# metadata service, so that our own is asked only where there is something to do.
rotation_mark() {
  curl --silent --show-error --fail --noproxy '*' --connect-timeout 5 --max-time 20 \
    http://169.254.169.254/openstack/latest/meta_data.json | json_string certificate_rotation
}

# Before the authority is asked for: what comes later is followed later.
boot_mark=$(rotation_mark) || boot_mark=''
