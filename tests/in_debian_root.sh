#!/bin/bash
# Runs a command inside a root that make_debian_root.sh makes, in mount and process namespaces of its own:
# the mounts vanish when the command ends.
# usage: in_debian_root.sh ROOT COMMAND...      (as root)
set -euo pipefail
root=$1
shift
exec unshare --mount --pid --fork --kill-child --propagation private bash -ec '
root=$1
shift
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive "$@"' _ "$root" "$@"
