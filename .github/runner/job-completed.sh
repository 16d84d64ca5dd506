#!/usr/bin/env bash
# ACTIONS_RUNNER_HOOK_JOB_COMPLETED: leave nothing to the next job. Runs however the job ended.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

end_leftovers
wipe
# The runner empties RUNNER_TEMP itself; the checkout and the run folder in it would stay.
find "${GITHUB_WORKSPACE:?}" "${RUNNER_TEMP:?}" -mindepth 1 -delete
gpu_idle
echo "left nothing behind"
