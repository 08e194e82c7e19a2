#!/bin/bash
# Inside the Swift root: compiles the generated package Digits as CocoaPods does (no SWIFT_PACKAGE), with the
# declarations of Apple's modules in apple/, type-checks its tests, and runs main.swift.
# usage: apple.sh WORK     (the folder that holds apple, checks, TensorFlowLiteC and Digits)
set -euo pipefail
cd "$1"
cp checks/main.swift main.swift
mkdir -p modules
search=(-I modules -L modules -I TensorFlowLiteC/Sources/TensorFlowLiteC)
strict=(-swift-version 6 -strict-concurrency=complete -warnings-as-errors)
for module in CoreGraphics CoreVideo ImageIO UIKit; do
  swiftc -parse-as-library -module-name "$module" "${search[@]}" -emit-module -emit-library \
    -emit-module-path "modules/$module.swiftmodule" -o "modules/lib$module.so" "apple/$module.swift"
done
swiftc -parse-as-library -module-name Digits "${search[@]}" "${strict[@]}" -enable-testing -emit-module -emit-library \
  -emit-module-path modules/Digits.swiftmodule -o modules/libDigits.so Digits/Sources/Digits/*.swift
swiftc -typecheck -module-name DigitsTests "${search[@]}" "${strict[@]}" Digits/Tests/DigitsTests/*.swift
swiftc "${search[@]}" -lDigits -lCoreGraphics -lCoreVideo -lImageIO -lUIKit main.swift -o adapters
LD_LIBRARY_PATH=modules ./adapters
