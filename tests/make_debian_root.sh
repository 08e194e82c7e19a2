#!/bin/bash
# Makes a folder with a Debian trixie and PACKAGEs in it, those that trixie lacks from SUITE; NAME/SUITE takes one from
# there in any case. Does nothing where the folder exists.
# usage: make_debian_root.sh ROOT SUITE PACKAGE...
# Needs root, debootstrap, unshare, a Debian mirror.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$1 suite=$2
shift 2
if [ -e "$root" ]; then
  echo "$root is there"
  exit 0
fi
fail() {
  echo "make_debian_root.sh: $*" >&2
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
# A mirror may be a snapshot whose SUITE is past its Valid-Until; the signatures are still checked.
"$here/in_debian_root.sh" "$partial" bash -ec '
suite=$1
shift
mirror=$(awk "/^deb /{print \$2; exit}" /etc/apt/sources.list)
printf "deb %s trixie main\ndeb [check-valid-until=no] %s %s main\n" "$mirror" "$mirror" "$suite" > /etc/apt/sources.list
printf "Package: *\nPin: release n=%s\nPin-Priority: 50\n" "$suite" > /etc/apt/preferences.d/other
printf "force-unsafe-io\n" > /etc/dpkg/dpkg.cfg.d/fast
apt-get -q update
apt-get install -yq --no-install-recommends "$@"
apt-get clean' _ "$suite" "$@" > "$partial.log" 2>&1 || { tail -n 20 "$partial.log" >&2; exit 1; }
rm "$partial.log"
mv "$partial" "$root"
