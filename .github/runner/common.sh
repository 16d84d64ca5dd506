#!/usr/bin/env bash
# What both hooks share. The runner calls them around every job, as its own user, with the job's variables.

fail() {
    echo "::error title=runner ${RUNNER_NAME:-?}::$1" >&2
    exit 1
}

# Processes of this user that a job of this very runner left behind: they carry its RUNNER_TEMP, which is set for steps
# and for nothing else. The hook and what it was started by are not among them, nor are those of a runner beside this.
leftovers() {
    local own=" $$ $BASHPID " process=$PPID entry found
    while [ "$process" -gt 1 ]; do
        own="$own$process "
        process=$(awk '$1 == "PPid:" { print $2 }' "/proc/$process/status" 2> /dev/null) || break
        [ -n "$process" ] || break
    done
    found=$(grep --files-with-matches --null-data --fixed-strings --line-regexp "RUNNER_TEMP=$RUNNER_TEMP" \
        /proc/[0-9]*/environ 2> /dev/null) || true
    for entry in $found; do
        process=${entry#/proc/}
        process=${process%/environ}
        case $own in *" $process "*) continue ;; esac
        if [ -O "/proc/$process" ]; then echo "$process"; fi
    done
}

# Ask them to end, then end them.
end_leftovers() {
    local process signal
    for signal in TERM KILL; do
        for process in $(leftovers); do
            echo "ending what a job left behind: $process ($(tr '\0' ' ' < "/proc/$process/cmdline" 2> /dev/null | cut -c 1-120))"
            kill -s "$signal" "$process" 2> /dev/null || true
        done
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            [ -z "$(leftovers)" ] && return
            sleep "${HUBKIT_HOOK_PAUSE:-0.5}"
        done
    done
    [ -z "$(leftovers)" ] || fail "processes of an earlier job cannot be ended: $(leftovers | tr '\n' ' ')"
}

# A token or a cache that one job leaves would be the next one's: caches can be poisoned, tokens taken.
wipe() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}
    rm -rf -- "${HF_HOME:-$cache/huggingface}" "$cache/hubkit" "$cache/pip" "$cache/torch"
    rm -f -- "$HOME/.git-credentials" "$HOME/.netrc" "$HOME/.config/hub" "$HOME/.config/gh/hosts.yml"
}

gpu_idle() {
    local busy
    busy=$(timeout 30 nvidia-smi --query-compute-apps=pid,process_name --format=csv,noheader) ||
        fail "nvidia-smi does not answer: this runner must not have the label gpu"
    [ -z "$busy" ] || fail "the GPU is in use: $(echo "$busy" | tr '\n' ';')"
}

# Gigabytes free where the jobs work.
free() {
    df --output=avail -B 1G "$(dirname "$GITHUB_WORKSPACE")" | tail -n 1 | tr -d ' '
}
