#!/bin/bash
# Brings the lab up, as README.md says: installs what is missing, makes what is missing, starts what does not run.
# Exit status 77: this machine cannot have a lab; the last line says why.
set -euo pipefail
# shellcheck source=settings.sh
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
# shellcheck source=processes.sh
. "$LAB/processes.sh"
# shellcheck source=configuration.sh
. "$LAB/configuration.sh"

cannot() {
  echo "$*" >&2
  exit 77
}

[ "$(id -u)" = 0 ] || cannot "the lab needs root: it installs packages and runs a database as a user of its own"
command -v apt-get >/dev/null || cannot "the lab is made of Debian's packages, and there is no apt-get"

### Packages. No nova-compute, no cinder-volume: they want a hypervisor, disks; their code is in python3-nova, python3-cinder.
packages=(keystone heat-api heat-engine glance-api nova-api nova-conductor nova-scheduler placement-api neutron-server
  octavia-api octavia-worker cinder-api cinder-scheduler barbican-api mariadb-server rabbitmq-server memcached uwsgi-core uwsgi-plugin-python3 python3-pymysql
  python3-memcache python3-openstacksdk openssl curl)
# What the suite drives it by.
packages+=(python3-openstackclient python3-magnumclient python3-heatclient)

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

install_packages() {
  apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@" </dev/null >>"$STATE/log/apt.log" 2>&1
}

install_missing() {
  local missing policy=/usr/sbin/policy-rc.d own_policy=
  mapfile -t missing < <(missing_packages)
  if [ ${#missing[@]} = 0 ]; then return; fi
  say "install ${missing[*]}"
  # Packages are not to start services by themselves.
  if [ ! -e $policy ]; then
    own_policy=yes
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  export DEBIAN_FRONTEND=noninteractive
  install_packages "${missing[@]}" || { apt-get update >>"$STATE/log/apt.log" 2>&1 && install_packages "${missing[@]}"; } || true
  if [ -n "$own_policy" ]; then rm -f $policy; fi
  mapfile -t missing < <(missing_packages)
  if [ ${#missing[@]} = 0 ]; then return; fi
  tail -n 5 "$STATE/log/apt.log" >&2
  cannot "apt-get cannot install ${missing[*]}; its log is $STATE/log/apt.log"
}

### Made once. The functions are conditions, in which a failure ends nothing by itself: hence their &&.
# once NAME COMMAND...
once() {
  local name=$1
  shift
  if [ -e "$STATE/made/$name" ]; then return; fi
  say "make $name"
  if ! "$@" >"$STATE/log/make-$name.log" 2>&1; then
    tail -n 20 "$STATE/log/make-$name.log" >&2
    die "$name; its log is $STATE/log/make-$name.log"
  fi
  : >"$STATE/made/$name"
}

make_database_folder() {
  rm -rf "$STATE/mysql" && install -d -o mysql -g mysql "$STATE/mysql" && mariadb-install-db --no-defaults --user=mysql --datadir="$STATE/mysql" \
    --skip-test-db --auth-root-authentication-method=normal
}

query() { mariadb --no-defaults --user=root --socket="$STATE/mysql/mysql.sock" --skip-column-names --execute "$1"; }

has_database() { query "SELECT 1" >/dev/null 2>&1; }

make_databases() {
  local name text="CREATE USER IF NOT EXISTS lab@'$HOST' IDENTIFIED BY '$PASSWORD'; GRANT ALL ON *.* TO lab@'$HOST';"
  for name in keystone heat glance nova_api nova nova_cell0 placement neutron octavia cinder barbican; do
    text="$text CREATE DATABASE IF NOT EXISTS $name CHARACTER SET utf8mb3;"
  done
  query "$text"
}

make_keystone() {
  local manage=(keystone-manage --config-file "$STATE/etc/keystone/keystone.conf")
  "${manage[@]}" fernet_setup --keystone-user root --keystone-group root &&
    "${manage[@]}" credential_setup --keystone-user root --keystone-group root &&
    "${manage[@]}" db_sync &&
    "${manage[@]}" bootstrap --bootstrap-password "$PASSWORD" --bootstrap-region-id "$REGION" \
      --bootstrap-public-url "$AUTH_URL" --bootstrap-internal-url "$AUTH_URL" --bootstrap-admin-url "$AUTH_URL"
}

make_nova() {
  local manage=(nova-manage --config-file "$STATE/etc/nova.conf")
  "${manage[@]}" api_db sync &&
    "${manage[@]}" cell_v2 map_cell0 --database_connection "$(database nova_cell0)" &&
    { "${manage[@]}" cell_v2 list_cells | grep -q cell1 || "${manage[@]}" cell_v2 create_cell --name cell1; } &&
    "${manage[@]}" db sync
}

make_placement() {
  OS_PLACEMENT_CONFIG_DIR=$STATE/etc/placement \
    placement-manage --config-file "$STATE/etc/placement/placement.conf" db sync
}

make_neutron() {
  PYTHONPATH=$LAB/drivers neutron-db-manage --config-file "$STATE/etc/neutron.conf" upgrade heads
}

make_octavia() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=lab" \
    -keyout "$STATE/octavia/ca.key" -out "$STATE/octavia/ca.pem" &&
    octavia-db-manage --config-file "$STATE/etc/octavia.conf" upgrade head
}

make_barbican() {
  HOME=$STATE/etc/barbican barbican-db-manage upgrade
}

# Side by side: each waits for Python most of the time.
make_schemas() {
  local pids=() pid
  once keystone make_keystone & pids+=($!)
  once heat heat-manage --config-file "$STATE/etc/heat.conf" db_sync & pids+=($!)
  once glance glance-manage --config-file "$STATE/etc/glance/glance-api.conf" db_sync & pids+=($!)
  once placement make_placement & pids+=($!)
  once nova make_nova & pids+=($!)
  once neutron make_neutron & pids+=($!)
  once octavia make_octavia & pids+=($!)
  once cinder cinder-manage --config-file "$STATE/etc/cinder.conf" db sync & pids+=($!)
  once barbican make_barbican & pids+=($!)
  for pid in "${pids[@]}"; do wait "$pid" || exit 1; done
}

### Processes
start_stores() {
  once database-folder make_database_folder
  start mysql "$MARIADB_PORT" mariadbd --no-defaults --user=mysql --datadir="$STATE/mysql" \
    --socket="$STATE/mysql/mysql.sock" --pid-file="$STATE/mysql/mysql.pid" --bind-address="$HOST" \
    --port="$MARIADB_PORT" --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=0 --max-connections=600 \
    --skip-log-bin --performance-schema=OFF --character-set-server=utf8mb3 --collation-server=utf8mb3_general_ci \
    --skip-name-resolve
  start memcached "$MEMCACHED_PORT" memcached -u nobody -l "$HOST" -p "$MEMCACHED_PORT" -m 64 -U 0
  start epmd "$EPMD_PORT" epmd -address "$HOST" -port "$EPMD_PORT"
  wait_until epmd 10 is_open "$EPMD_PORT"
  mkdir -p "$STATE"/rabbit/{home,mnesia}
  start rabbitmq "$RABBIT_PORT" env HOME="$STATE/rabbit/home" ERL_EPMD_ADDRESS="$HOST" ERL_EPMD_PORT="$EPMD_PORT" \
    RABBITMQ_NODENAME=lab@localhost RABBITMQ_DIST_PORT="$RABBIT_NODE_PORT" \
    RABBITMQ_MNESIA_BASE="$STATE/rabbit/mnesia" RABBITMQ_PID_FILE="$STATE/rabbit/pid" \
    RABBITMQ_LOG_BASE="$STATE/log" RABBITMQ_LOGS=- \
    RABBITMQ_CONFIG_FILE="$STATE/etc/rabbitmq" RABBITMQ_ADVANCED_CONFIG_FILE="$STATE/etc/rabbitmq-advanced.config" \
    RABBITMQ_GENERATED_CONFIG_DIR="$STATE/rabbit" RABBITMQ_ENABLED_PLUGINS_FILE="$STATE/etc/rabbitmq-plugins" \
    RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none" \
    /usr/lib/rabbitmq/bin/rabbitmq-server
  wait_until mysql 60 has_database
  # Each time: a lab from before may want for one.
  make_databases || die databases
}

start_identity() {
  # A thread a process: Keystone 22's middleware keeps the token of the latest request in itself, whichever thread has it.
  PROCESSES=4 THREADS=1 OS_KEYSTONE_CONFIG_DIR=$STATE/etc/keystone start_wsgi keystone "$KEYSTONE_PORT" /usr/bin/keystone-wsgi-public
  wait_until keystone 60 answers "$AUTH_URL"
  fill identity
}

start_services() {
  wait_until rabbitmq 90 is_open "$RABBIT_PORT"
  start_wsgi heat-api "$HEAT_PORT" /usr/bin/heat-wsgi-api "--config-file $STATE/etc/heat.conf"
  start heat-engine 0 heat-engine --config-file "$STATE/etc/heat.conf"
  OS_GLANCE_CONFIG_DIR=$STATE/etc/glance start_wsgi glance-api "$GLANCE_PORT" /usr/bin/glance-wsgi-api
  OS_PLACEMENT_CONFIG_DIR=$STATE/etc/placement start_wsgi placement "$PLACEMENT_PORT" /usr/bin/placement-api
  PYTHONPATH=$LAB/drivers start neutron-server "$NEUTRON_PORT" neutron-server --config-file "$STATE/etc/neutron.conf"
  start nova-conductor 0 nova-conductor --config-file "$STATE/etc/nova.conf"
  start nova-scheduler 0 nova-scheduler --config-file "$STATE/etc/nova.conf"
  start nova-api "$NOVA_PORT" nova-api --config-file "$STATE/etc/nova.conf"
  PYTHONPATH=$LAB/drivers start_wsgi octavia-api "$OCTAVIA_PORT" /usr/bin/octavia-wsgi "--config-file $STATE/etc/octavia.conf"
  PYTHONPATH=$LAB/drivers start octavia-worker 0 octavia-worker --config-file "$STATE/etc/octavia.conf"
  start_wsgi cinder-api "$CINDER_PORT" /usr/bin/cinder-wsgi "--config-file $STATE/etc/cinder.conf"
  start cinder-scheduler 0 cinder-scheduler --config-file "$STATE/etc/cinder.conf"
  PYTHONPATH=$LAB/drivers start cinder-volume 0 "$PYTHON" -c 'import sys; sys.argv[0] = "cinder-volume"
from cinder.cmd.volume import main; main()' --config-file "$STATE/etc/cinder.conf"
  HOME=$STATE/etc/barbican start_wsgi barbican-api "$BARBICAN_PORT" /usr/bin/barbican-wsgi-api
  wait_until placement 60 answers "http://$HOST:$PLACEMENT_PORT/"
  start nova-compute 0 "$PYTHON" -c 'import sys; sys.argv[0] = "nova-compute"
from nova.cmd.compute import main; main()' --config-file "$STATE/etc/nova.conf"
  wait_until heat-api 90 answers "http://$HOST:$HEAT_PORT/"
  wait_until glance-api 90 answers "http://$HOST:$GLANCE_PORT/"
  wait_until neutron-server 90 answers "http://$HOST:$NEUTRON_PORT/"
  wait_until nova-api 90 answers "http://$HOST:$NOVA_PORT/"
  wait_until octavia-api 90 answers "http://$HOST:$OCTAVIA_PORT/"
  wait_until cinder-api 90 answers "http://$HOST:$CINDER_PORT/"
  wait_until barbican-api 90 answers "http://$HOST:$BARBICAN_PORT/"
  wait_until nova-compute 90 has_compute_service
  once compute-host nova-manage --config-file "$STATE/etc/nova.conf" cell_v2 discover_hosts
  fill resources
}

has_compute_service() {
  query "SELECT COUNT(*) FROM nova.services WHERE deleted = 0 AND \`binary\` = 'nova-compute'" | grep -q '^1'
}

# What the cloud holds before its first tenant.
fill() {
  AUTH_URL=$AUTH_URL REGION=$REGION PASSWORD=$PASSWORD HEAT_PORT=$HEAT_PORT GLANCE_PORT=$GLANCE_PORT \
    NOVA_PORT=$NOVA_PORT PLACEMENT_PORT=$PLACEMENT_PORT NEUTRON_PORT=$NEUTRON_PORT OCTAVIA_PORT=$OCTAVIA_PORT \
    CINDER_PORT=$CINDER_PORT BARBICAN_PORT=$BARBICAN_PORT JEROBOAM_PORT=$JEROBOAM_PORT HOST=$HOST $PYTHON "$LAB/contents.py" "$1"
}

mkdir -p "$STATE"/{run,log,etc,made,lock,keystone,nova,neutron,octavia,cinder}
chmod 755 "$STATE"
exec 9>"$STATE/lock/up"
flock 9
begun=$SECONDS
install_missing
installed=$SECONDS
configure
start_stores
make_schemas
start_identity
start_services
say "up: packages $((installed - begun)) s, services $((SECONDS - installed)) s; state in $STATE"
