#!/bin/sh
# Made by tflite-packager.
#
# Lays TensorFlow Lite's C library out as the Swift package TensorFlowLiteC, in a folder beside
# this package: Package.swift takes it from there, and all models of an app share it.
#
#   Scripts/get-runtime.sh                     TensorFlowLiteC 2.17.0, as CocoaPods has it
#   Scripts/get-runtime.sh ARCHIVE [SHA256]    another .tar.gz of that layout: a URL or a file
#
# It can be run again: what is there already stays, and after a failure nothing is changed.
set -eu

archive=${1-}
sha256=${2-}
if [ -z "$archive" ]; then
  # The source that the pod's specification names.
  archive=https://dl.google.com/tflite-release/ios/prod/tensorflow/lite/release/ios/release/32/20240729-115310/TensorFlowLiteC/2.17.0/0c10b3543e01f547/TensorFlowLiteC-2.17.0.tar.gz
  sha256=9667b476015f136e5b332ce040e12822c4ac6d5c58947882ddc809cdff0fb99e
fi

fail() {
  echo "get-runtime.sh: $1" >&2
  exit 1
}

[ $# -le 2 ] || fail "give ARCHIVE and SHA256, no more"
[ -z "$sha256" ] || printf %s "$sha256" | grep -Eqx '[0-9A-Fa-f]{64}' ||
  fail "a SHA256 has 64 hexadecimal digits: $sha256"
sha256=$(printf %s "$sha256" | tr A-F a-f)

here=$(cd "$(dirname "$0")" && pwd -P)
beside=$(cd "$here/../.." && pwd -P)
package=$beside/TensorFlowLiteC
made_of=$package/ARCHIVE

if [ -e "$package" ] && [ ! -f "$made_of" ]; then
  fail "$package is not of this script: move it away, or go on using it"
fi
if [ -n "$sha256" ] && [ -f "$made_of" ] && [ "$(cat "$made_of")" = "$sha256" ]; then
  echo "$package is there already"
  exit 0
fi

work=$(mktemp -d "$beside/.TensorFlowLiteC.XXXXXX") || fail "cannot write in $beside"
old=$work/old
put_back() {
  status=$?
  [ ! -e "$old" ] || [ -e "$package" ] || mv "$old" "$package"
  rm -rf "$work"
  exit $status
}
trap put_back EXIT
trap 'exit 130' HUP INT TERM

file=$work/archive.tar.gz
case $archive in
http://* | https://* | file://*)
  echo "getting $archive"
  curl --fail --location --show-error --silent --retry 2 --output "$file" "$archive" ||
    fail "cannot get $archive: get it in another way, and give this script the file"
  ;;
*)
  [ -f "$archive" ] || fail "there is no file $archive"
  cp "$archive" "$file"
  ;;
esac

if command -v shasum >/dev/null 2>&1; then
  found=$(shasum -a 256 "$file")
else
  found=$(sha256sum "$file")
fi
found=${found%% *}
if [ -n "$sha256" ] && [ "$found" != "$sha256" ]; then
  fail "$archive has the SHA256 $found, not $sha256: it is damaged, or another one"
fi

mkdir "$work/unpacked" "$work/new" "$work/new/Frameworks"
tar -xzf "$file" -C "$work/unpacked" 2>"$work/log" ||
  fail "cannot unpack $archive, it is damaged or no .tar.gz: $(head -n 1 "$work/log")"

# The library, and the delegates where the archive has them.
products=
targets=
for name in TensorFlowLiteC TensorFlowLiteCCoreML TensorFlowLiteCMetal; do
  framework=$(find "$work/unpacked" -type d -name "$name.xcframework" | head -n 1)
  if [ -z "$framework" ]; then
    [ "$name" != TensorFlowLiteC ] || fail "$archive holds no TensorFlowLiteC.xcframework"
    continue
  fi
  mv "$framework" "$work/new/Frameworks/"
  products="$products
    .library(name: \"$name\", targets: [\"$name\"]),"
  targets="$targets
    .binaryTarget(name: \"$name\", path: \"Frameworks/$name.xcframework\"),"
  # Xcode embeds no framework without an Info.plist, and these static ones come without.
  for slice in "$work/new/Frameworks/$name.xcframework"/*/"$name.framework"; do
    [ -d "$slice" ] || fail "$archive holds no $name.framework for any platform"
    [ -e "$slice/Info.plist" ] || cat >"$slice/Info.plist" <<END
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>CFBundleExecutable</key>
  <string>$name</string>
  <key>CFBundleIdentifier</key>
  <string>org.tensorflow.$name</string>
  <key>CFBundleInfoDictionaryVersion</key>
  <string>6.0</string>
  <key>CFBundleName</key>
  <string>$name</string>
  <key>CFBundlePackageType</key>
  <string>FMWK</string>
  <key>CFBundleShortVersionString</key>
  <string>1.0</string>
  <key>CFBundleVersion</key>
  <string>1</string>
  <key>MinimumOSVersion</key>
  <string>12.0</string>
</dict>
</plist>
END
  done
done

cat >"$work/new/Package.swift" <<END
// swift-tools-version: 5.9
// Made by get-runtime.sh of tflite-packager.
import PackageDescription

let package = Package(
  name: "TensorFlowLiteC",
  products: [$products
  ],
  targets: [$targets
  ]
)
END
# By it a further run knows what is there.
echo "$found" >"$work/new/ARCHIVE"

[ ! -e "$package" ] || mv "$package" "$old"
mv "$work/new" "$package"
echo "$package is made of $archive"
[ -n "$sha256" ] || echo "its SHA256, to give to the next run: $found"
