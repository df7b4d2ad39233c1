#!/bin/sh
# Makes a virtual environment from a hashed lock file, with uv where it is there, else with
# plain Python.   usage: make_venv.sh FOLDER LOCK STAMP
set -eu
folder=$1 lock=$2 stamp=$3
python=${PYTHON:-python3}

fail() {
    echo "error: $1" >&2
    echo "remedy: $2" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    fail "there is no $python" "install Python 3.11 or newer, or name one: make PYTHON=python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old" "install Python 3.11 or newer: make PYTHON=python3.12"

if command -v uv >/dev/null 2>&1; then
    [ -x "$folder/bin/python" ] || uv venv --quiet --python "$python" "$folder"
    uv pip install --quiet --compile-bytecode --python "$folder/bin/python" --require-hashes --no-deps -r "$lock"
    uv pip install --quiet --python "$folder/bin/python" --no-deps --no-build-isolation -e .
else
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        fail "$python cannot make virtual environments" "apt-get install python3-venv"
    [ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$lock"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation -e .
fi
: >"$stamp"
