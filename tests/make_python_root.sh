#!/bin/bash
# Makes the folder in which the tests run on newer Pythons: a Debian trixie (Python 3.13) with forky's Python 3.14.
# Does nothing where the folder exists.
# usage: make_python_root.sh [ROOT]
#   ROOT is $PACKAGER_PYTHON_ROOT or build/python-root of this project where it is not given.
# Needs root, debootstrap, unshare, a Debian mirror; takes a minute and 400 MB.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${1:-${PACKAGER_PYTHON_ROOT:-$(cd "$here/.." && pwd)/build/python-root}}
if [ -e "$root" ]; then
  echo "$root is there"
  exit 0
fi
fail() {
  echo "make_python_root.sh: $*" >&2
  exit 1
}
for tool in debootstrap unshare; do
  command -v "$tool" > /dev/null || fail "$tool not found; install: apt install debootstrap util-linux"
done
[ "$(id -u)" = 0 ] || fail "run it as root"

# Made beside its place and moved there whole, so that an interrupted run leaves nothing that looks finished.
partial=$root.partial
rm -rf "$partial"
mkdir -p "$partial"
debootstrap --variant=minbase trixie "$partial" > "$partial.log" || { tail -n 20 "$partial.log" >&2; exit 1; }
# A mirror may be a snapshot whose forky is past its Valid-Until; the signatures are still checked.
"$here/targets/ios/in_swift_root.sh" "$partial" bash -ec '
mirror=$(awk "/^deb /{print \$2; exit}" /etc/apt/sources.list)
printf "deb %s trixie main\ndeb [check-valid-until=no] %s forky main\n" "$mirror" "$mirror" > /etc/apt/sources.list
printf "Package: *\nPin: release n=forky\nPin-Priority: 50\n" > /etc/apt/preferences.d/forky
printf "force-unsafe-io\n" > /etc/dpkg/dpkg.cfg.d/fast
apt-get -q update
apt-get install -yq --no-install-recommends python3.13 libc-bin/forky python3.14/forky
apt-get clean' > "$partial.log" 2>&1 || { tail -n 20 "$partial.log" >&2; exit 1; }
rm "$partial.log"
mv "$partial" "$root"
