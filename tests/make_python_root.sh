#!/bin/bash
# Makes the folder in which the tests run on newer Pythons: a Debian trixie (Python 3.13) with forky's Python 3.14.
# Does nothing where the folder exists.
# usage: make_python_root.sh [ROOT]
#   ROOT is $PACKAGER_PYTHON_ROOT or build/python-root of this project where it is not given.
# Needs what make_debian_root.sh needs; takes a minute and 400 MB.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
exec "$project/tests/make_debian_root.sh" "${1:-${PACKAGER_PYTHON_ROOT:-$project/build/python-root}}" forky \
  python3.13 libc-bin/forky python3.14/forky
