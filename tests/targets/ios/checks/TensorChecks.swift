// Goes beside the generated tests of a tensor model; MODULE and TYPE stand for its names.
import XCTest

@testable import MODULE

private let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CHECKS"]!)
  .appendingPathComponent("MODULE")

final class MODULEChecks: XCTestCase {
  /// This machine's library has the reference's kernels: integers may not differ at all.
  func testGoldenCasesExactly() throws {
    let golden = try goldenCases(in: folder.appendingPathComponent("golden"))
    XCTAssertEqual(try TYPE().differences(from: golden), [])
  }
}
