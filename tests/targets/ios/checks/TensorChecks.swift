// Goes beside the generated tests of a tensor model; MODULE and TYPE stand for its names.
import Foundation
import MODULE
import XCTest

private let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CHECKS"]!)
  .appendingPathComponent("MODULE")

final class MODULEChecks: XCTestCase {
  /// This machine's library has the reference's kernels: integers may not differ at all.
  func testGoldenCasesExactly() throws {
    let exact = folder.appendingPathComponent("golden")
    XCTAssertEqual(try SelfTest(folder: exact).failures(), [])
  }

  func testSpoiltGoldenCases() throws {
    let spoilt = folder.appendingPathComponent("spoilt")
    let names = try FileManager.default.contentsOfDirectory(atPath: spoilt.path)
    XCTAssertFalse(names.isEmpty)
    for name in names {
      let golden = spoilt.appendingPathComponent(name)
      let expected = try String(
        contentsOf: golden.appendingPathComponent("failure.txt"), encoding: .utf8)
      let failures = try SelfTest(folder: golden).failures()
      XCTAssert(
        failures.first?.utf8.starts(with: expected.utf8) ?? false,
        "\(name): \(failures) instead of \(expected)")
    }
  }

  func testErrors() throws {
    let model = try TYPE()
    XCTAssertThrowsError(try model.run(inputs: [])) {
      guard case .input(let message)? = $0 as? MODULEError else { return XCTFail("\($0)") }
      XCTAssert(message.hasSuffix(" inputs, not 0"), message)
    }
  }
}
