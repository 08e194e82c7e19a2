#!/bin/bash
# Prints the path of uv, as the Makefile finds it: on the PATH, else in this checkout, where it is put if need be.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv || { make --silent .tools/bin/uv >&2; realpath .tools/bin/uv; }
