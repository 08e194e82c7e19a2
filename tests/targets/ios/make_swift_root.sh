#!/bin/bash
# Makes the folder in which the iOS tests compile and run Swift: a Debian trixie (swiftlang 6.0) with TensorFlow
# Lite's C library (libtensorflow-lite-dev, so far in sid only). Does nothing where the folder exists.
# usage: make_swift_root.sh [ROOT]
#   ROOT is $PACKAGER_SWIFT_ROOT or build/swift-root of this project where it is not given.
# Needs what make_debian_root.sh needs; takes 2 to 3 minutes and 3 GB.
set -euo pipefail
project=$(cd "$(dirname "$0")/../../.." && pwd)
exec "$project/tests/make_debian_root.sh" "${1:-${PACKAGER_SWIFT_ROOT:-$project/build/swift-root}}" sid \
  swiftlang libc6-dev libstdc++-14-dev git ca-certificates libtensorflow-lite-dev
