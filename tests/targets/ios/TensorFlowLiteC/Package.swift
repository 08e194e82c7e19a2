// swift-tools-version: 5.9
// Linux's stand-in for the package around the pod TensorFlowLiteC: the same C API, from Debian's library.
import PackageDescription

let package = Package(
  name: "TensorFlowLiteC",
  products: [.library(name: "TensorFlowLiteC", targets: ["TensorFlowLiteC"])],
  targets: [.systemLibrary(name: "TensorFlowLiteC")]
)
