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

  func testErrors() throws {
    let model = try TYPE()
    XCTAssertThrowsError(try model.run(inputs: [])) {
      guard case .input(let message)? = $0 as? MODULEError else { return XCTFail("\($0)") }
      XCTAssert(message.hasSuffix(" inputs, not 0"), message)
    }
  }
}
