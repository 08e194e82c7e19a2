#!/bin/bash
# Runs the fast tests on Python 3.11 without tflite-support, and on Python 3.13 and 3.14 in the root that
# make_python_root.sh made.
# usage: run_other_pythons.sh [PYTEST_ARGUMENT...]      (as root)
set -euo pipefail
cd "$(dirname "$0")/.."
root=${PACKAGER_PYTHON_ROOT:-build/python-root}
models=$(realpath -e "${PACKAGER_MODELS:-../shared/models}")
uv=$(realpath "$(tests/find_uv.sh)")

# A file to a process, as in the Makefile; results of the one Python are no cache for the next.
fast=(pytest -q --numprocesses auto --dist loadfile -m "not slow" -p no:cacheprovider "$@")

echo "== Python 3.11 without tflite-support"
export UV_PROJECT_ENVIRONMENT=build/environments/without
"$uv" sync --frozen --quiet --python 3.11 --no-install-package tflite-support
PACKAGER_WITHOUT=tflite-support "$uv" run --frozen --no-sync "${fast[@]}"

for version in 3.13 3.14; do
  echo "== Python $version"
  unshare --mount --pid --fork --kill-child --propagation private bash -ec '
    root=$1 models=$2 uv=$3 cache=$4
    shift 4
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    for folder in "$PWD" "$models" "$cache" /etc/ssl; do
      mkdir -p "$root/$folder"
      mount --bind "$folder" "$root/$folder"
    done
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    cp "$uv" "$root/usr/local/bin/uv"
    exec chroot "$root" /usr/bin/env -C "$PWD" "$@"' _ \
    "$root" "$models" "$uv" "$("$uv" cache dir)" \
    env HOME=/root LC_ALL=C.UTF-8 PACKAGER_MODELS="$models" UV_PYTHON="/usr/bin/python$version" \
    UV_CACHE_DIR="$("$uv" cache dir)" UV_PROJECT_ENVIRONMENT="build/environments/$version" \
    bash -ec 'uv sync --frozen --quiet && exec uv run --frozen --no-sync "$@"' _ "${fast[@]}"
done
