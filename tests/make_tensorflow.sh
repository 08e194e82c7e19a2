#!/bin/bash
# Makes the environment in which the tests marked `tensorflow` convert and train: .venv-tensorflow, with the extras that
# bring TensorFlow and what goes with it. It is one of its own, so that all other tests show what runs without it.
# Takes 20 seconds beside the download, and 2 GB.
set -euo pipefail
tests=$(cd "$(dirname "$0")" && pwd)
uv=$("$tests/find_uv.sh")
cd "$tests/.."
UV_PROJECT_ENVIRONMENT=.venv-tensorflow "$uv" sync --frozen --quiet --python 3.11 --no-dev --group train \
  --extra convert --extra quantizer --extra compare --extra dask
