#!/bin/sh
# Installs this package, with all that it needs, into an environment of its own, and replays its
# golden cases there:
#
#   ./install.sh             into .venv in this folder
#   ./install.sh FOLDER      into another one
#
# PYTHON names the Python to take: python3, unless it is set. It can be run again, after an update.
set -eu

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

[ $# -le 1 ] || fail "give the folder of the environment, no more"
here=$(cd "$(dirname "$0")" && pwd -P)
environment=${1-$here/.venv}
python=${PYTHON-python3}

command -v "$python" > /dev/null || fail "there is no $python: sudo apt install python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 7))' ||
  fail "$("$python" --version 2>&1) is too old: this takes 3.7 or newer"
"$python" -c 'import ensurepip, venv' 2> /dev/null ||
  fail "$python makes no environments: sudo apt install python3-venv"

# Picamera2, and the runtime of a Coral Dev Board, come with the system, and an environment does not
# see them by itself.
site=
if "$python" -c 'import sys; from importlib.util import find_spec as find
sys.exit(not (find("picamera2") or find("tflite_runtime")))'; then
  site=--system-site-packages
fi
"$python" -m venv $site "$environment"
python=$environment/bin/python

# Mostly 32-bit Raspberry Pi OS runs on a 64-bit kernel, which pip would take for the system.
as=
if [ "$(uname -m)" = aarch64 ] && "$python" -c 'import sys; sys.exit(sys.maxsize > 2**32)'; then
  as=linux32
fi
# Older ones do not know the wheels that there are.
"$python" -c 'import sys, pip; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (19, 3))' ||
  $as "$python" -m pip install --quiet --upgrade pip
# What an earlier version had, and this one has not, would stay.
rm -rf "$here/build/lib" "$here"/build/bdist.*
$as "$python" -m pip install --quiet --upgrade "$here"

cd /
"$python" -m words selftest ||
  fail "it does not answer here as where it was made; see $environment/bin/words doctor"
echo "installed: $environment/bin/words --help"
