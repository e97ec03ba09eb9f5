#!/bin/sh
# Renew requirements.lock from pyproject.toml, with hashes, for all supported versions of Python: make lock
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${1:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.9
"$folder/bin/uv" pip compile pyproject.toml --extra dev --universal --python-version 3.11 --fork-strategy fewest \
    --generate-hashes --no-header --quiet --upgrade --output-file requirements.lock
