// Accelerators that are linked, with a delegate that stands in for a GPU's; see TensorFlowLiteC.
import XCTest

@testable import Accelerated

final class AcceleratedAcceleratorChecks: XCTestCase {
  override func tearDown() {
    unsetenv("STAND_IN")
    XCTAssertEqual(ProcessInfo.processInfo.environment["STAND_IN_LIVING"] ?? "0", "0")
  }

  private func told(_ accelerator: AcceleratedModel.Accelerator, verify: Bool = true) throws -> String {
    let model = try AcceleratedModel(accelerator: accelerator, verify: verify)
    return "\(model.accelerator) \(model.fallbackReason ?? "")"
  }

  func testOneThatWorks() throws {
    XCTAssertEqual(try told(.metal), "metal ")
  }

  func testOneThatIsAbsent() throws {
    XCTAssertEqual(try told(.coreML), "cpu this device has no Neural Engine")
  }

  func testOneThatRefusesTheModel() throws {
    setenv("STAND_IN", "refuses", 1)
    XCTAssertEqual(
      try told(.metal),
      "cpu TensorFlow Lite cannot create an interpreter for the model; its log on stderr tells why")
  }

  /// It is found out, unless nobody asks; and the CPU's answers are right.
  func testOneThatComputesZeros() throws {
    setenv("STAND_IN", "zeros", 1)
    let found = try told(.metal)
    XCTAssert(found.hasPrefix("cpu metal answers otherwise than golden: random_"), found)
    XCTAssertEqual(try told(.metal, verify: false), "metal ")
    let model = try AcceleratedModel(accelerator: .metal)
    XCTAssertEqual(try model.run(x: [17]), try AcceleratedModel().run(x: [17]))
    XCTAssertNotEqual(
      try AcceleratedModel(accelerator: .metal, verify: false).run(x: [17]), try model.run(x: [17]))
  }
}
