#!/bin/bash
# Where the lab lies and listens; sourced by the other scripts. What is set here from JEROBOAM_LAB_* may be chosen from outside.
# shellcheck disable=SC2034
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STATE=${JEROBOAM_LAB_STATE:-/var/tmp/jeroboam-lab}
FIRST_PORT=${JEROBOAM_LAB_FIRST_PORT:-25000}
HOST=127.0.0.1
REGION=RegionOne
# Of every user: nobody but this machine reaches the lab.
PASSWORD=secret

KEYSTONE_PORT=$FIRST_PORT
HEAT_PORT=$((FIRST_PORT + 1))
GLANCE_PORT=$((FIRST_PORT + 2))
NOVA_PORT=$((FIRST_PORT + 3))
PLACEMENT_PORT=$((FIRST_PORT + 4))
NEUTRON_PORT=$((FIRST_PORT + 5))
OCTAVIA_PORT=$((FIRST_PORT + 6))
CINDER_PORT=$((FIRST_PORT + 7))
BARBICAN_PORT=$((FIRST_PORT + 8))
MARIADB_PORT=$((FIRST_PORT + 10))
RABBIT_PORT=$((FIRST_PORT + 11))
RABBIT_NODE_PORT=$((FIRST_PORT + 12))
EPMD_PORT=$((FIRST_PORT + 13))
MEMCACHED_PORT=$((FIRST_PORT + 14))
# Not of the lab: what the catalog says of Jeroboam, which the suite serves there.
JEROBOAM_PORT=$((FIRST_PORT + 15))

AUTH_URL=http://$HOST:$KEYSTONE_PORT/v3
RABBIT_URL=rabbit://guest:guest@$HOST:$RABBIT_PORT/

# Debian's packages need Debian's Python, whatever else is installed.
export PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
PYTHON=/usr/bin/python3
export LC_ALL=C.UTF-8
export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost
unset PYTHONPATH PYTHONHOME http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
