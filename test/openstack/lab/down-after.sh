#!/bin/bash
# down-after.sh PID: ends the lab when that process has ended, however it did.
set -uo pipefail
# shellcheck source=settings.sh
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
# shellcheck source=processes.sh
. "$LAB/processes.sh"

began=$(start_of "$1")
while [ -n "$began" ] && [ "$(start_of "$1")" = "$began" ]; do sleep 2; done
exec bash "$LAB/down.sh"
