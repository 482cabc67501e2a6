#!/usr/bin/env bash
# Resolves requirements/*.txt from pyproject.toml, for every platform, with hashes.
set -euo pipefail
cd "$(dirname "$0")/.."

# compile NAME ARGUMENTS...: writes requirements/NAME.txt.
compile() {
    local name=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --custom-compile-command 'make lock' "$@" \
        --output-file "requirements/$name.txt"
}

compile runtime pyproject.toml
compile build --group build
# The tests run on exactly the versions that are shipped.
compile dev pyproject.toml --group dev \
    --constraint requirements/runtime.txt --constraint requirements/build.txt
