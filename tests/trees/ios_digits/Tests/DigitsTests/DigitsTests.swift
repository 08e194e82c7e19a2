import XCTest

@testable import Digits

/// Runs the golden cases through the model as an app would.
final class DigitsTests: XCTestCase {
  func testGoldenCases() throws {
    #if SWIFT_PACKAGE
      let bundle = Bundle.module
    #else
      let bundle = Bundle(for: Self.self)
    #endif
    let folder = try XCTUnwrap(bundle.url(forResource: "Golden", withExtension: nil))
    try XCTSkipUnless(
      GoldenCases.decodesPictures, "ImageIO, which decodes the golden pictures, is Apple's")
    let golden = try GoldenCases(folder: folder)
    XCTAssertEqual(try DigitsClassifier().differences(from: golden), [])
  }
}
