#!/bin/sh
# Makes the checkout ready to run: installs what the lock file says, unless just that was installed before.
# Needs only node and npm on the PATH; run before `npm start` and `npm test`.
set -eu
cd "$(dirname "$0")/.."
installed=node_modules/.installed-lock.json
if ! cmp -s package-lock.json "$installed"; then
  echo "installing dependencies from package-lock.json ..." >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$installed"
fi
