import XCTest

@testable import Sine

/// Runs the golden cases through the model as an app would.
final class SineTests: XCTestCase {
  func testGoldenCases() throws {
    #if SWIFT_PACKAGE
      let bundle = Bundle.module
    #else
      let bundle = Bundle(for: Self.self)
    #endif
    let folder = try XCTUnwrap(bundle.url(forResource: "Golden", withExtension: nil))
    let golden = try GoldenCases(folder: folder)
    XCTAssertEqual(try SineModel().differences(from: golden), [])
  }
}
