# The log of each container is kept in the journal, as long as the bay says.
docker_options=(--log-driver=journald)
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nSystemMaxFiles=%s\n' "$((LOG_LINES / 100))" >/etc/systemd/journald.conf.d/bay.conf
