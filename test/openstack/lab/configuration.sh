#!/bin/bash
# Writes the services' configuration below $STATE/etc; sourced after settings.sh. Everything is as Debian configures it,
# but for addresses, credentials, and what makes a lab small.

database() { echo "mysql+pymysql://lab:$PASSWORD@$HOST:$MARIADB_PORT/$1?charset=utf8"; }

# credentials SECTION USER [NAME=VALUE...]
credentials() {
  cat <<CONF
[$1]
auth_type = password
auth_url = $AUTH_URL
username = $2
password = $PASSWORD
user_domain_name = Default
CONF
  shift 2
  printf '%s\n' "$@"
}

# service_credentials SECTION USER
service_credentials() {
  credentials "$1" "$2" "project_name = service" "project_domain_name = Default" "region_name = $REGION"
}

# token_check USER: how a service checks its callers' tokens. By default it believes one for five minutes more.
token_check() {
  service_credentials keystone_authtoken "$1"
  cat <<CONF
www_authenticate_uri = $AUTH_URL
service_token_roles_required = true
memcached_servers = $HOST:$MEMCACHED_PORT
token_cache_time = 10
CONF
}

configure_rabbit() {
  cat >"$STATE/etc/rabbitmq.conf" <<CONF
listeners.tcp.local = $HOST:$RABBIT_PORT
loopback_users.guest = true
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 100MB
CONF
  echo '[{kernel, [{inet_dist_use_interface, {127,0,0,1}}]}].' >"$STATE/etc/rabbitmq-advanced.config"
  echo '[].' >"$STATE/etc/rabbitmq-plugins"
}

configure_keystone() {
  mkdir -p "$STATE/etc/keystone"
  cat >"$STATE/etc/keystone/keystone.conf" <<CONF
[DEFAULT]
public_endpoint = http://$HOST:$KEYSTONE_PORT
[database]
connection = $(database keystone)
[cache]
enabled = true
backend = oslo_cache.memcache_pool
memcache_servers = $HOST:$MEMCACHED_PORT
[fernet_tokens]
key_repository = $STATE/keystone/fernet-keys
[credential]
key_repository = $STATE/keystone/credential-keys
[identity]
# The least there is: a service that logs in often spends its time on this.
password_hash_rounds = 4
[token]
expiration = 14400
[security_compliance]
# As every Keystone before this setting was: unrestricted application credentials give trusts. It lets restricted ones too.
allow_insecure_application_credential_trust_escalation = true
[oslo_messaging_notifications]
driver = noop
CONF
}

configure_heat() {
  cat >"$STATE/etc/heat.conf" <<CONF
[DEFAULT]
transport_url = $RABBIT_URL
num_engine_workers = 2
auth_encryption_key = 0123456789abcdef0123456789abcdef
deferred_auth_method = trusts
trusts_delegated_roles =
stack_user_domain_name = heat
stack_domain_admin = heat_domain_admin
stack_domain_admin_password = $PASSWORD
heat_stack_user_role = heat_stack_user
region_name_for_services = $REGION
max_resources_per_stack = -1
max_stacks_per_tenant = -1
[database]
connection = $(database heat)
$(token_check heat)
# No project: Heat adds the trust, and Keystone refuses a login with two scopes.
$(credentials trustee heat)
[clients_keystone]
auth_uri = http://$HOST:$KEYSTONE_PORT
[clients_heat]
url = http://$HOST:$HEAT_PORT/v1/%(tenant_id)s
# What Heat finds out again and again: names of networks and flavors, extensions.
[cache]
enabled = true
backend = dogpile.cache.memcached
memcache_servers = $HOST:$MEMCACHED_PORT
[paste_deploy]
api_paste_config = /etc/heat/api-paste.ini
[oslo_messaging_notifications]
driver = noop
CONF
}

configure_glance() {
  mkdir -p "$STATE/etc/glance" "$STATE"/images/{store,staging,tasks}
  cat >"$STATE/etc/glance/glance-api.conf" <<CONF
[DEFAULT]
enabled_backends = disk:file
[glance_store]
default_backend = disk
[disk]
filesystem_store_datadir = $STATE/images/store
[os_glance_staging_store]
filesystem_store_datadir = $STATE/images/staging
[os_glance_tasks_store]
filesystem_store_datadir = $STATE/images/tasks
[database]
connection = $(database glance)
$(token_check glance)
[paste_deploy]
flavor = keystone
config_file = /etc/glance/glance-api-paste.ini
[oslo_messaging_notifications]
driver = noop
CONF
  cp /etc/glance/glance-api-paste.ini "$STATE/etc/glance/"
}

configure_placement() {
  mkdir -p "$STATE/etc/placement"
  cat >"$STATE/etc/placement/placement.conf" <<CONF
[placement_database]
connection = $(database placement)
$(token_check placement)
CONF
}

configure_nova() {
  cat >"$STATE/etc/nova.conf" <<CONF
[DEFAULT]
host = lab
my_ip = $HOST
transport_url = $RABBIT_URL
state_path = $STATE/nova
compute_driver = fake.FakeDriver
osapi_compute_listen = $HOST
osapi_compute_listen_port = $NOVA_PORT
osapi_compute_workers = 1
enabled_apis = osapi_compute
# What is asked of Neutron again and again, whether or not anything has happened; and what a driver that makes nothing
# has nothing to tell of.
heal_instance_info_cache_interval = -1
sync_power_state_interval = -1
log_dir =
[api_database]
connection = $(database nova_api)
[database]
connection = $(database nova)
$(token_check nova)
$(service_credentials placement placement)
$(service_credentials neutron neutron)
$(service_credentials cinder nova)
catalog_info = volumev3::publicURL
# Cinder lets a volume go from a server only when Nova itself says so.
$(service_credentials service_user nova)
send_service_user_token = true
[glance]
api_servers = http://$HOST:$GLANCE_PORT
[conductor]
workers = 1
[scheduler]
workers = 1
[quota]
instances = -1
cores = -1
ram = -1
key_pairs = -1
server_groups = -1
server_group_members = -1
[vnc]
enabled = false
[spice]
enabled = false
[wsgi]
api_paste_config = /etc/nova/api-paste.ini
[oslo_concurrency]
lock_path = $STATE/lock
[oslo_messaging_notifications]
driver = noop
CONF
}

# Volumes are rows; what would hold them is a driver that does nothing.
configure_cinder() {
  cat >"$STATE/etc/cinder.conf" <<CONF
[DEFAULT]
host = lab
my_ip = $HOST
transport_url = $RABBIT_URL
state_path = $STATE/cinder
auth_strategy = keystone
api_paste_config = /usr/share/cinder-common/api-paste.ini
glance_api_servers = http://$HOST:$GLANCE_PORT
enabled_backends = lab
quota_volumes = -1
quota_gigabytes = -1
[lab]
volume_driver = jeroboam_lab_cinder.RowsAlone
volume_backend_name = lab
[database]
connection = $(database cinder)
$(token_check cinder)
$(service_credentials nova nova)
[oslo_concurrency]
lock_path = $STATE/lock
[oslo_messaging_notifications]
driver = noop
CONF
}

configure_neutron() {
  cat >"$STATE/etc/neutron.conf" <<CONF
[DEFAULT]
bind_host = $HOST
bind_port = $NEUTRON_PORT
transport_url = $RABBIT_URL
state_path = $STATE/neutron
core_plugin = ml2
service_plugins = router
api_workers = 1
rpc_workers = 0
rpc_state_report_workers = 0
api_paste_config = /etc/neutron/api-paste.ini
log_dir =
[database]
connection = $(database neutron)
$(token_check neutron)
$(service_credentials nova nova)
$(service_credentials placement placement)
[quotas]
quota_network = -1
quota_subnet = -1
quota_port = -1
quota_router = -1
quota_floatingip = -1
quota_security_group = -1
quota_security_group_rule = -1
[oslo_concurrency]
lock_path = $STATE/lock
[oslo_messaging_notifications]
driver = noop
[ml2]
type_drivers = flat,local,vxlan
tenant_network_types = vxlan
mechanism_drivers = jeroboam_lab
extension_drivers = port_security
[ml2_type_flat]
flat_networks = *
[ml2_type_vxlan]
vni_ranges = 1:4000
[securitygroup]
enable_security_group = true
enable_ipset = false
CONF
}

# Load balancers are rows and an address; the machines that would balance are drivers that do nothing.
configure_octavia() {
  cat >"$STATE/etc/octavia.conf" <<CONF
[DEFAULT]
transport_url = $RABBIT_URL
[api_settings]
auth_strategy = keystone
bind_host = $HOST
bind_port = $OCTAVIA_PORT
enabled_provider_drivers = amphora: amphora
default_provider_driver = amphora
[database]
connection = $(database octavia)
$(token_check octavia)
$(service_credentials service_auth octavia)
[neutron]
region_name = $REGION
[controller_worker]
amphora_driver = amphora_noop_driver
compute_driver = compute_noop_driver
network_driver = jeroboam_lab
volume_driver = volume_noop_driver
image_driver = image_noop_driver
distributor_driver = distributor_noop_driver
workers = 1
amp_flavor_id = none
amp_boot_network_list = none
[certificates]
cert_manager = local_cert_manager
ca_certificate = $STATE/octavia/ca.pem
ca_private_key = $STATE/octavia/ca.key
cert_generator = local_cert_generator
server_certs_key_passphrase = insecure-key-do-not-use-this-key
[quotas]
default_load_balancer_quota = -1
default_listener_quota = -1
default_member_quota = -1
default_pool_quota = -1
default_health_monitor_quota = -1
[oslo_messaging]
topic = octavia
[oslo_messaging_notifications]
driver = noop
CONF
}

# Secrets are in its database, under a key that stands here: no HSM. Barbican reads no other file than that of its user.
configure_barbican() {
  mkdir -p "$STATE/etc/barbican"
  cat >"$STATE/etc/barbican/barbican.conf" <<CONF
[DEFAULT]
host_href = http://$HOST:$BARBICAN_PORT
sql_connection = $(database barbican)
db_auto_create = false
[queue]
enable = false
[keystone_notifications]
enable = false
[secretstore]
enabled_secretstore_plugins = store_crypto
[crypto]
enabled_crypto_plugins = simple_crypto
[simple_crypto_plugin]
kek = dGhpcnR5X3R3b19ieXRlX2tleWJsYWhibGFoYmxhaGg=
$(token_check barbican)
[oslo_messaging_notifications]
driver = noop
CONF
}

configure() {
  configure_rabbit
  configure_keystone
  configure_heat
  configure_glance
  configure_placement
  configure_nova
  configure_neutron
  configure_cinder
  configure_octavia
  configure_barbican
}
