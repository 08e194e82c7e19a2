#!/bin/bash
# Runs the Python of a Raspberry Pi that make_pi_root.sh made, under emulation.
# usage: in_pi_root.sh ROOT aarch64|armhf ARGUMENT...
set -euo pipefail
root=$1/$2
case $2 in
  # A Raspberry Pi 4. The emulator's default processor takes ways through XNNPACK that no Pi has.
  aarch64) emulator=$1/qemu-aarch64 cpu=cortex-a72 ;;
  armhf) emulator=$1/qemu-arm cpu=cortex-a15 ;;
esac
shift 2
exec env -i "PATH=$PATH" LC_ALL=C.UTF-8 "QEMU_CPU=$cpu" "QEMU_LD_PREFIX=$root" "PYTHONHOME=$root/usr" \
  "PYTHONPATH=$root/site:$root/usr/lib/python3/dist-packages" "$emulator" "$root/usr/bin/python3.11" "$@"
