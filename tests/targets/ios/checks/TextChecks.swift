// Goes beside the generated tests of a classifier of texts; MODULE and TYPE stand for its names.
import XCTest

@testable import MODULE

private let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CHECKS"]!)
  .appendingPathComponent("MODULE")

final class MODULETextChecks: XCTestCase {
  private struct Tokens: Decodable {
    let length: Int
    let texts: [String]
    let numbers: [[Int]]
  }

  func testTokensAreThoseOfPython() throws {
    let data = try Data(contentsOf: folder.appendingPathComponent("tokens.json"))
    let tokens = try JSONDecoder().decode(Tokens.self, from: data)
    let tokenizer = try Tokenizer()
    XCTAssertFalse(tokens.texts.isEmpty)
    for (text, numbers) in zip(tokens.texts, tokens.numbers) {
      let found = tokenizer.encode(text, most: tokens.length)
      XCTAssertEqual(found, numbers, String(text.prefix(100)).debugDescription)
    }
  }
}
