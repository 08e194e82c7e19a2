// Goes beside the generated tests of a classifier with labels in "de" and "pt_BR"; MODULE and TYPE stand for its names.
import XCTest

@testable import MODULE

final class MODULELocaleChecks: XCTestCase {
  func testLabelsAreInTheLanguageOfTheLocale() throws {
    let own = try TYPE().labels
    let german = try TYPE(locale: Locale(identifier: "de")).labels
    XCTAssertNotEqual(own, german)
    for (identifier, labels) in [
      ("de_AT", german), ("DE-de", german), ("pt-BR", german), ("pt_PT", own), ("fr", own), ("", own),
    ] {
      XCTAssertEqual(try TYPE(locale: Locale(identifier: identifier)).labels, labels, identifier)
    }
    // Answers show these; what may be among them is asked for by the model's own.
    let model = try TYPE(locale: Locale(identifier: "de"))
    let answer = try model.classify("red", options: .init(allow: [own[1]]))
    XCTAssertEqual(answer.map(\.label), [german[1]])
  }
}
