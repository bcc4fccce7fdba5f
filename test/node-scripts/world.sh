#!/bin/bash
# The network that a bay's nodes are on, and the world beyond it: run in a network namespace of its own, for as long as its
# standard input is open. Called by bay.ts as `unshare --net world.sh FOLDER NODE`.
set -euo pipefail
folder=$1 node=$2
here=$(cd "$(dirname "$0")" && pwd)
ip link set lo up
ip link add bay type bridge
ip address add 192.0.2.1/32 dev bay
ip address add 169.254.169.254/32 dev bay
ip link set bay up
ip route add 10.0.0.0/24 dev bay
exec "$node" "$here/world.ts" "$folder"
