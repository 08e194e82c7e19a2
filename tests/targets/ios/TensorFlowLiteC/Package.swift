// swift-tools-version: 5.9
// Linux's stand-in for the package around the pod TensorFlowLiteC: the same C API, from Debian's library, and
// delegates with the declarations of Apple's that do what the environment says.
import PackageDescription

let package = Package(
  name: "TensorFlowLiteC",
  products: [
    .library(name: "TensorFlowLiteC", targets: ["TensorFlowLiteC"]),
    .library(name: "TensorFlowLiteCCoreML", targets: ["TensorFlowLiteCCoreML"]),
    .library(name: "TensorFlowLiteCMetal", targets: ["TensorFlowLiteCMetal"]),
  ],
  targets: [
    .systemLibrary(name: "TensorFlowLiteC"),
    .target(name: "TensorFlowLiteCCoreML", dependencies: ["TensorFlowLiteC"]),
    .target(name: "TensorFlowLiteCMetal", dependencies: ["TensorFlowLiteC"]),
  ]
)
