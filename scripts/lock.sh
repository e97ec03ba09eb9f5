#!/bin/sh
# Renew requirements.lock and benchmarks/requirements.lock from pyproject.toml, with hashes, for all supported versions
# of Python: make lock
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${1:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.9

lock() {
    "$folder/bin/uv" pip compile --universal --python-version 3.11 --fork-strategy fewest \
        --generate-hashes --no-header --quiet --upgrade "$@"
}

lock pyproject.toml --extra dev --output-file requirements.lock
lock --group peers --constraint requirements.lock --output-file benchmarks/requirements.lock
