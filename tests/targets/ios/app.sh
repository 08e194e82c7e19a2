#!/bin/bash
# Inside the Swift root, of generated apps with their packages: compiles them against the declarations of Apple's
# modules in apple/, up to where data races are found, and without a warning.
# usage: app.sh WORK MODULE…    (WORK holds apple, TensorFlowLiteC, and in apps/MODULE what was generated)
# What the packages show comes into graphs/MODULE, for DocC.
# For each app it prints what the compiler says behind "== MODULE STATUS".
set -uo pipefail
cd "$1" || exit
shift
if [ ! -d modules ]; then
  mkdir modules
  for module in CoreGraphics CoreVideo CryptoKit ImageIO QuartzCore UIKit Combine SwiftUI PhotosUI CoreMedia AVFoundation
  do
    swiftc -parse-as-library -module-name "$module" -I modules -emit-module \
      -emit-module-path "modules/$module.swiftmodule" "apple/$module.swift" || exit
  done
fi
compile=(swiftc -parse-as-library -swift-version 6 -strict-concurrency=complete -warnings-as-errors -wmo
  -I modules -I TensorFlowLiteC/Sources/TensorFlowLiteC)
for module in "$@"; do
  mkdir -p "graphs/$module"
  told=$("${compile[@]}" -module-name "$module" -emit-module -emit-module-path "modules/$module.swiftmodule" \
    -emit-symbol-graph -emit-symbol-graph-dir "graphs/$module" \
    "apps/$module/$module/Sources/$module"/*.swift 2>&1 &&
    "${compile[@]}" -module-name "${module}App" -emit-sil -o /dev/null "apps/$module/${module}App"/*.swift 2>&1)
  echo "== $module $?"
  echo "$told"
done
