#!/bin/sh
# Makes ready to evaluate, check and deploy the AWS stacks: installs stacks/ from its own lock file (running Jeroboam
# needs nothing of it), and unpacks SST's platform from SST's binary without downloading its engine.
set -eu
cd "$(dirname "$0")/../stacks"
stamp=node_modules/.package-lock.json
if [ ! -f "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  echo "installing the stacks' dependencies ..."
  npm ci --no-audit --no-fund --loglevel=error
  touch "$stamp"
fi
wanted=$(node -p 'require("./package.json").dependencies.sst')
aws=$(node -p 'require("./package.json").devDependencies["@pulumi/aws"]')
if [ "$(cat .sst/platform/.wanted 2>/dev/null)" != "$wanted" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  # A config of its own: `sst install` runs before there is anything that ours could be checked against.
  cat >"$work/sst.config.ts" <<CONFIG
export default \$config({
  app: () => ({ name: "jeroboam", home: "aws", providers: { aws: "$aws" } }),
  run: async () => {},
});
CONFIG
  bin=$PWD/node_modules/.bin/sst
  # /bin/true in place of bun: the platform's dependencies are ours, from the lock file.
  (cd "$work" && SST_SKIP_DEPENDENCY_CHECK=1 SST_TELEMETRY_DISABLED=1 SST_STAGE=ci SST_BUN_PATH=/bin/true \
    AWS_EC2_METADATA_DISABLED=true "$bin" install >/dev/null)
  rm -rf .sst/platform
  mkdir -p .sst
  mv "$work/.sst/platform" .sst/platform
  echo "$wanted" >.sst/platform/.wanted
fi
