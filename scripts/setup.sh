#!/bin/sh
# Makes the checkout ready to run: installs from the lock file when node_modules is missing or older than it.
# Needs only node and npm on the PATH; run before `npm start` and `npm test`.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.package-lock.json
if [ ! -f "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  echo "installing dependencies from package-lock.json ..."
  npm ci --no-audit --no-fund --loglevel=error
  touch "$stamp"
fi
