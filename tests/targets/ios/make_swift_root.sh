#!/bin/bash
# Makes the folder in which the iOS tests compile and run Swift: a Debian trixie (swiftlang 6.0) with TensorFlow
# Lite's C library (libtensorflow-lite-dev, so far in sid only). Does nothing where the folder exists.
# usage: make_swift_root.sh [ROOT]
#   ROOT is $PACKAGER_SWIFT_ROOT or build/swift-root of this project where it is not given.
# Needs root, debootstrap, unshare, a Debian mirror; takes 2 to 3 minutes and 3 GB.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${1:-${PACKAGER_SWIFT_ROOT:-$(cd "$here/../../.." && pwd)/build/swift-root}}
if [ -e "$root" ]; then
  echo "$root is there"
  exit 0
fi
fail() {
  echo "make_swift_root.sh: $*" >&2
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
# A mirror may be a snapshot whose sid is past its Valid-Until; the signatures are still checked.
"$here/in_swift_root.sh" "$partial" bash -ec '
mirror=$(awk "/^deb /{print \$2; exit}" /etc/apt/sources.list)
printf "deb %s trixie main\ndeb [check-valid-until=no] %s sid main\n" "$mirror" "$mirror" > /etc/apt/sources.list
printf "Package: *\nPin: release n=sid\nPin-Priority: 50\n" > /etc/apt/preferences.d/sid
printf "force-unsafe-io\n" > /etc/dpkg/dpkg.cfg.d/fast
apt-get -q update
apt-get install -yq --no-install-recommends \
  swiftlang libc6-dev libstdc++-14-dev git ca-certificates libtensorflow-lite-dev
apt-get clean' > "$partial.log" 2>&1 || { tail -n 20 "$partial.log" >&2; exit 1; }
rm "$partial.log"
mv "$partial" "$root"
