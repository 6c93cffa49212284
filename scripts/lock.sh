#!/bin/sh
# Locked requirements with hashes and without any address, so that mirrors work.
set -eu
cd "$(dirname "$0")/.."
UV=$(command -v uv || echo .venv/bin/uv)
compile() {
    out=$1
    shift
    "$UV" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
        --python-version 3.11 "$@" --output-file "$out"
}
compile requirements.txt --extra build pyproject.toml
compile requirements-dev.txt --extra build --extra dev pyproject.toml
echo uv | compile requirements-uv.txt -
