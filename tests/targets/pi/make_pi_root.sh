#!/bin/bash
# Makes the folder in which the Raspberry Pi tests run the generated packages as a Pi would: the Python of Debian
# bookworm for 64-bit and 32-bit ARM, the runtimes' own wheels for them, and the emulator that runs both. Does nothing
# where the folder exists.
# usage: make_pi_root.sh [ROOT]
#   ROOT is $PACKAGER_PI_ROOT or build/pi-root of this project where it is not given.
# Needs Debian's apt with a mirror, not root: packages are unpacked, not installed. Takes 30 to 45 seconds and 400 MB.
set -euo pipefail
project=$(cd "$(dirname "$0")/../../.." && pwd)
root=${1:-${PACKAGER_PI_ROOT:-$project/build/pi-root}}
if [ -e "$root" ]; then
  echo "$root is there"
  exit 0
fi
fail() {
  echo "make_pi_root.sh: $*" >&2
  exit 1
}
for tool in apt-get dpkg-deb python3; do
  command -v "$tool" > /dev/null || fail "$tool not found; this takes Debian and its apt"
done
uv=$("$project/tests/find_uv.sh")
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | head -n 1)
[ -n "$mirror" ] || fail "apt knows no mirror of Debian; run apt-get update"

# Made beside its place and moved there whole, so that an interrupted run leaves nothing that looks finished.
partial=$root.partial
rm -rf "$partial"
mkdir -p "$partial"

# unpack SUITE ARCHITECTURE FOLDER PACKAGE...: the packages and all that they depend on, as apt finds them for a
# machine on which nothing is installed, with lists and settings apart from this machine's own.
unpack() {
  local suite=$1 architecture=$2 folder=$3 apt=$partial/apt-$1-$2
  shift 3
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/none"
  touch "$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" > "$apt/sources.list"
  local get=(apt-get -qq -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
    -o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt"
    -o "Dir::Etc::sourcelist=$apt/sources.list" -o "Dir::Etc::sourceparts=$apt/none"
    -o "Dir::Etc::preferencesparts=$apt/none" -o APT::Sandbox::User= -o Acquire::Languages=none)
  "${get[@]}" update
  "${get[@]}" --yes --no-install-recommends --download-only install "$@"
  mkdir -p "$folder"
  for archive in "$apt"/archives/*.deb; do dpkg-deb --extract "$archive" "$folder"; done
  rm -r "$apt"
}

# Bookworm's 7.2 computes other results than any Pi does.
unpack trixie "$(dpkg --print-architecture)" "$partial/qemu" qemu-user
mv "$partial/qemu/usr/bin/"qemu-{aarch64,arm} "$partial"
rm -r "$partial/qemu"

# What the packages need comes as their pyproject.toml says, in the versions that this project is tested with.
unpack bookworm arm64 "$partial/aarch64" python3.11 libstdc++6
"$uv" export --quiet --project "$project" --frozen --no-hashes --no-emit-project --no-annotate --no-header \
  > "$partial/versions.txt"
"$uv" pip install --quiet --target "$partial/aarch64/site" --python-platform aarch64-manylinux_2_28 \
  --python-version 3.11 --only-binary :all: --constraint "$partial/versions.txt" \
  --requirement "$project/tests/trees/pi_digits/pyproject.toml"
rm "$partial/versions.txt"

# The registry has no NumPy and no Pillow for 32 bits: there they are Debian's.
unpack bookworm armhf "$partial/armhf" python3.11 python3-numpy python3-pil
for library in blas/libblas.so.3 lapack/liblapack.so.3; do  # As its alternatives would, were it installed.
  ln -s "$library" "$partial/armhf/usr/lib/arm-linux-gnueabihf/"
done
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps \
  --target "$partial/armhf/site" --platform manylinux_2_34_armv7l --python-version 3.11 --only-binary :all: \
  tflite-runtime==2.14.0

# Shows that all of it runs, and leaves compiled modules for every later run.
run=$project/tests/targets/pi/in_pi_root.sh
"$run" "$partial" aarch64 -c "import PIL.Image, ai_edge_litert.interpreter"
"$run" "$partial" armhf -c "import PIL.Image, tflite_runtime.interpreter"
mv "$partial" "$root"
