import XCTest

final class SineTests: XCTestCase {
  func testGoldenCases() throws {
    XCTAssertEqual(try SelfTest().failures(), [])
  }
}
