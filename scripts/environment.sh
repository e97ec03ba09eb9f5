#!/bin/sh
# Make .venv from requirements.lock, or another environment: sh scripts/environment.sh [python [folder lock]]
# It appears whole or not at all, and is made again when the lock changed or its Python is gone. `make` always asks.
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

# A link, to a disk with more room for example, stays a link.
[ ! -L "$environment" ] || environment=$(readlink -f "$environment")
case $environment in
    /*) place=$environment ;;
    *) place=$(pwd -P)/$environment ;;
esac

is_whole() {
    [ -x "$environment/bin/python" ] && cmp -s "$lock" "$environment/installed"
}

# Only `activate` holds the path of the environment: it is written again after a move.
settle() {
    [ "$(cat "$environment/place" 2>/dev/null)" = "$place" ] || {
        "$environment/bin/python" -m venv --without-pip "$environment"
        echo "$place" >"$environment/place"
    }
}

if is_whole; then
    settle
    exit
fi

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
# By the name with the version, since `python3` may become another one.
named=$("$python" -c 'import ensurepip, os, sys, venv
named = os.path.join(os.path.dirname(sys._base_executable), "python%d.%d" % sys.version_info[:2])
print(named if os.path.exists(named) else sys._base_executable)' 2>/dev/null) ||
    fail "$python has no module venv with pip. On Debian and Ubuntu: apt-get install python$version-venv"

exec 9>>"$lock"
if command -v flock >/dev/null && ! flock -n 9; then
    echo "Waiting for the end of another installation."
    flock 9
    ! is_whole || exit 0
fi

new=$environment-new
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM
rm -rf "$new"
{ [ -x "$environment/bin/python" ] && [ -e "$environment/installed" ]; } || rm -rf "$environment"
"$named" -m venv "$new"
cp "$lock" "$new/installed"
echo "Installing the packages of $lock into $environment; this takes one to three minutes."
# Whatever pip's own settings say, packages come here, and bytecode with them: without it every job starts 5 s later.
unset PIP_PREFIX PIP_ROOT
"$new/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --compile \
    --no-user --target= --requirement "$new/installed"
# Programs find the Python beside them, so the environment may be moved, and no packages but its own (-I).
(
    cd "$new/bin"
    for program in $(grep -lIE "^(#!|'''exec' ).*python" ./*); do
        {
            echo '#!/bin/sh'
            echo "'''exec' \"\$(dirname \"\$(realpath \"\$0\")\")/python\" -I \"\$0\" \"\$@\""
            echo "' '''"
            sed -e 1d -e "2{/^'''exec' /d;}" -e "3{/^' '''$/d;}" "$program"
        } >../program
        cat ../program >"$program"
    done
    rm -f ../program
)
rm -rf "$environment"
mv "$new" "$environment"
settle
