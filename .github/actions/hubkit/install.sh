#!/usr/bin/env bash
# install.sh SOURCE: put the command hubkit, as SOURCE has it, on the PATH of the steps that follow.
#
# With the versions of SOURCE/constraints.txt, in an environment under $RUNNER_TEMP, which the runner empties after each
# job. A runner whose image holds hubkit's libraries already says where, in HUBKIT_ENVIRONMENT (in the runner's .env
# file): then nothing is installed. $TORCH is 'cpu' or 'default'.
set -euo pipefail

source=$(cd -- "${1:?the folder of the source}" && pwd)
place=$RUNNER_TEMP/hubkit
python=${HUBKIT_PYTHON:-python3}

if [ -n "${HUBKIT_ENVIRONMENT:-}" ]; then
    python=$HUBKIT_ENVIRONMENT/bin/python
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "hubkit needs Python 3.11 or newer; $python is $("$python" --version 2>&1)" >&2
    exit 5
fi

mkdir -p "$place/bin"
if [ -z "${HUBKIT_ENVIRONMENT:-}" ]; then
    "$python" -m venv "$place/environment"
    python=$place/environment/bin/python
    "$python" -m pip install --quiet --upgrade 'pip>=25.1'
    if [ "${TORCH:-default}" = cpu ]; then
        # From PyTorch's own index, and nothing else from there.
        "$python" -m pip install --quiet --no-deps --index-url https://download.pytorch.org/whl/cpu \
            --constraint "$source/constraints.txt" torch torchvision
    fi
    "$python" -m pip install --quiet --constraint "$source/constraints.txt" "$source"
    "$python" -m pip check
fi

# The source of the checkout itself, whatever hubkit an image holds; and exec, so that signals reach Python.
{
    echo '#!/bin/sh'
    printf 'PYTHONPATH=%q exec %q -m hubkit "$@"\n' "$source" "$python"
} > "$place/bin/hubkit"
chmod +x "$place/bin/hubkit"
"$place/bin/hubkit" --help > /dev/null

echo "$place/bin" >> "$GITHUB_PATH"
{
    echo "HF_HOME=$place/huggingface"
    echo "HUBKIT_HOME=$place/home"
} >> "$GITHUB_ENV"
