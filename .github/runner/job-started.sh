#!/usr/bin/env bash
# ACTIONS_RUNNER_HOOK_JOB_STARTED: is this machine clean, idle and roomy? If not, the job ends here, in a line.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

end_leftovers
wipe
gpu_idle
least=${HUBKIT_DISK_GB:-60}
[ "$(free)" -ge "$least" ] || fail "$(free) GB of disk are free, jobs here begin with at least $least"
echo "clean, GPU idle, $(free) GB free"
