import XCTest

final class DigitsTests: XCTestCase {
  func testGoldenCases() throws {
    #if canImport(ImageIO)
      XCTAssertEqual(try SelfTest(pixels: ImageIOPixels()).failures(), [])
    #else
      throw XCTSkip("ImageIO, which decodes the golden pictures, is on Apple's platforms only")
    #endif
  }
}
