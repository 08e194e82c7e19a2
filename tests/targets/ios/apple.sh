#!/bin/bash
# Inside the Swift root, of generated packages: compiles Digits as CocoaPods does (no SWIFT_PACKAGE), with the
# declarations of Apple's modules in apple/, type-checks its tests, and runs main.swift; type-checks the others.
# usage: apple.sh WORK MODULE…    (WORK is the folder that holds apple, checks, TensorFlowLiteC and the packages)
set -euo pipefail
cd "$1"
shift
cp checks/main.swift main.swift
mkdir -p modules
search=(-I modules -L modules -I TensorFlowLiteC/Sources/TensorFlowLiteC)
strict=(-swift-version 6 -strict-concurrency=complete -warnings-as-errors)
for module in CoreGraphics CoreVideo CryptoKit ImageIO QuartzCore UIKit; do
  swiftc -parse-as-library -module-name "$module" "${search[@]}" -emit-module -emit-library \
    -emit-module-path "modules/$module.swiftmodule" -o "modules/lib$module.so" "apple/$module.swift"
done
for module in "$@"; do
  swiftc -typecheck -parse-as-library -module-name "$module" "${search[@]}" "${strict[@]}" \
    "$module/Sources/$module"/*.swift
done
swiftc -parse-as-library -module-name Digits "${search[@]}" "${strict[@]}" -enable-testing -emit-module -emit-library \
  -emit-module-path modules/Digits.swiftmodule -o modules/libDigits.so Digits/Sources/Digits/*.swift
swiftc -typecheck -module-name DigitsTests "${search[@]}" "${strict[@]}" Digits/Tests/DigitsTests/*.swift
swiftc "${search[@]}" -lDigits -lCoreGraphics -lCoreVideo -lCryptoKit -lImageIO -lQuartzCore -lUIKit main.swift \
  -o adapters
LD_LIBRARY_PATH=modules ./adapters
