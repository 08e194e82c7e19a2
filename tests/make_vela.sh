#!/bin/bash
# Makes the environment in which the tests marked `vela` compile models for an Arm Ethos-U. Does nothing where it is made.
# Takes 2 seconds beside the download, and 80 MB.
set -euo pipefail
tests=$(cd "$(dirname "$0")" && pwd)
env=$tests/../.venv-vela
pin=ethos-u-vela==5.2.0
if [ "$("$env/bin/python" -c 'from importlib.metadata import version as v; print("ethos-u-vela==" + v("ethos-u-vela"))' \
  2> /dev/null)" = "$pin" ]; then
  echo "$pin is there"
  exit 0
fi
uv=$("$tests/find_uv.sh")

# Made beside its place and moved there whole, so that an interrupted run leaves nothing that looks finished.
rm -rf "$env.partial"
"$uv" venv --quiet --relocatable --python 3.11 "$env.partial"
"$uv" pip install --quiet --python "$env.partial/bin/python" "$pin"
rm -rf "$env"
mv "$env.partial" "$env"
