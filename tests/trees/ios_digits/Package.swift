// swift-tools-version: 5.9
// Made by tflite-packager.
import PackageDescription

let runtime: [Target.Dependency] = [
  // For the accelerators, as far as your TensorFlowLiteC has them:
  // .product(name: "TensorFlowLiteCCoreML", package: "TensorFlowLiteC"),
  // .product(name: "TensorFlowLiteCMetal", package: "TensorFlowLiteC"),
  "TensorFlowLiteC"
]

let package = Package(
  name: "Digits",
  platforms: [.iOS("13.0")],
  products: [
    .library(name: "Digits", targets: ["Digits"])
  ],
  dependencies: [
    // TensorFlow Lite's C library. There is no official Swift package of it: Scripts/get-runtime.sh
    // makes this one, which all models of an app share.
    .package(path: "../TensorFlowLiteC")
  ],
  targets: [
    .target(
      name: "Digits",
      dependencies: runtime,
      resources: [.copy("Assets"), .copy("PrivacyInfo.xcprivacy")],
      linkerSettings: [.linkedLibrary("c++", .when(platforms: [.iOS]))]
    ),
    .testTarget(
      name: "DigitsTests",
      dependencies: ["Digits"],
      resources: [.copy("Golden")]
    ),
  ],
  swiftLanguageVersions: [.v5, .version("6")]
)
