#!/bin/sh
# Make .venv from requirements.lock, or another environment: sh scripts/environment.sh [python [folder lock]]
set -eu

python=${1:-python3}
environment=${2:-.venv}
lock=${3:-requirements.lock}
oldest=11
newest=13

fail() {
    echo "ERROR: $1" >&2
    exit 1
}

command -v "$python" >/dev/null 2>&1 ||
    fail "expected Python 3.$oldest to 3.$newest. Received: no program named $python. Install one and say make PYTHON=python3.12"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) ||
    fail "$python does not run"
minor=${version#3.}
case $version in
    3.*) ;;
    *) minor=0 ;;
esac
{ [ "$minor" -ge $oldest ] && [ "$minor" -le $newest ]; } ||
    fail "expected Python 3.$oldest to 3.$newest (TensorFlow has no wheels for others). Received: $version. Say make PYTHON=python3.12"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no module venv with pip. On Debian and Ubuntu: apt-get install python$version-venv"

[ ! -e "$environment" ] || [ -e "$environment/installed" ] || rm -rf "$environment"
"$python" -m venv "$environment"
echo "Installing the packages of $lock into $environment; this takes one to three minutes."
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --compile --requirement "$lock"
touch "$environment/installed"
