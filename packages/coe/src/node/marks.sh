# What the node is to come to, or has come to, its bay says by marks in the servers' metadata. They are read from the cloud's
# metadata service, so that our own is asked only where there is something to do.
# read_mark NAME
read_mark() {
  curl --silent --show-error --fail --noproxy '*' --connect-timeout 5 --max-time 20 \
    http://169.254.169.254/openstack/latest/meta_data.json | json_string "$1"
}

# Before the authority is asked for: what comes later is followed later.
boot_mark=$(read_mark certificate_rotation) || boot_mark=''
