#!/usr/bin/env bash
# Prepares this folder: `setup.sh run` to run the product, `dev` to work on it, `test` to test it.
# Idempotent: what is up to date is skipped, so a second call takes seconds.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly goal=${1:?usage: scripts/setup.sh run|dev|test}
readonly python=.venv/bin/python

fail() {
    echo "setup: $*" >&2
    exit 1
}

say() {
    echo "setup: $*" >&2
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root or sudo: $*"
    fi
}

debian_packages() {
    command -v apt-get >/dev/null || fail "no apt-get here: install the like of $* yourself."
    say "installing Debian packages: $*"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >&2
}

# once NAME TEXT COMMAND...: runs the command unless it has succeeded before for the same text.
once() {
    local mark=.venv/.done-$1 text=$2
    shift 2
    if [ "$(cat "$mark" 2>/dev/null)" != "$text" ]; then
        "$@"
        echo "$text" >"$mark"
    fi
}

digest() {
    cat "$@" | sha256sum
}

make_venv() {
    say "making .venv"
    # Debian keeps the part of venv that brings pip in a package of its own.
    python3 -c 'import ensurepip, venv' 2>/dev/null || debian_packages python3-venv
    python3 -m venv --clear .venv
}

install_locked() {
    say "installing locked requirements: $*"
    $python -m pip install --quiet --disable-pip-version-check --require-hashes \
        "${@/#/--requirement=}"
}

install_project() {
    say "installing the project itself, editable"
    $python -m pip install --quiet --disable-pip-version-check \
        --no-deps --no-build-isolation --editable .
}

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "Python 3.11 or later is needed as python3."

# A moved folder or another Python makes the environment anew.
interpreter="$PWD $(python3 -c 'import sys; print(sys.version, sys.base_prefix)' | tr '\n' ' ')"
[ "$(cat .venv/.done-venv 2>/dev/null)" = "$interpreter" ] || rm -rf .venv/.done-*
once venv "$interpreter" make_venv

if [ "$goal" = run ]; then
    set_of_locks=run locks=(requirements/runtime.txt requirements/build.txt)
else
    set_of_locks=dev locks=(requirements/dev.txt)
fi
once "$set_of_locks-requirements" "$(digest "${locks[@]}")" install_locked "${locks[@]}"

# The build hook brings the screen up to date, here as in every wheel.
$python -m hatchling build --target wheel --hooks-only >&2
once project "$(digest pyproject.toml)" install_project

if [ "$goal" != run ] && ! [ web/node_modules/.package-lock.json -nt web/package-lock.json ]; then
    say "installing the front end's packages"
    $python scripts/npm.py ci --ignore-scripts >&2
fi

if [ "$goal" = test ]; then
    missing=()
    command -v chromium >/dev/null || missing+=(chromium fonts-dejavu-core fonts-liberation)
    # The Node that drives the browser is linked against it.
    compgen -G '/usr/lib/*/libatomic.so.1' >/dev/null || missing+=(libatomic1)
    # Its programs are what the tests start a server of their own from.
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
    # The power cuts are made of what it sees the server write.
    command -v strace >/dev/null || missing+=(strace)
    [ "${#missing[@]}" -eq 0 ] || debian_packages "${missing[@]}"
fi
