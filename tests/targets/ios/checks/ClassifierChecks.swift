// Goes beside the generated tests of a classifier; MODULE and TYPE stand for its names.
import Foundation
import MODULE
import XCTest

/// What Python computed for this module.
private let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CHECKS"]!)
  .appendingPathComponent("MODULE")

private func files(in name: String, _ suffix: String) throws -> [URL] {
  try FileManager.default.contentsOfDirectory(
    at: folder.appendingPathComponent(name), includingPropertiesForKeys: nil
  ).filter { $0.lastPathComponent.hasSuffix(suffix) }.sorted { $0.path < $1.path }
}

final class MODULEChecks: XCTestCase {
  /// This machine's library has the reference's kernels: integers may not differ at all.
  func testGoldenCasesExactly() throws {
    let exact = folder.appendingPathComponent("golden")
    XCTAssertEqual(try SelfTest(pixels: DecodedPixels(), folder: exact).failures(), [])
  }

  func testInputTensors() throws {
    let classifier = try TYPE()
    let pictures = try files(in: "pictures", ".rgb")
    XCTAssertFalse(pictures.isEmpty)
    for picture in pictures {
      let file = picture.deletingPathExtension().appendingPathExtension("bin")
      let tensor = try Data(contentsOf: file)
      // No XCTAssertEqual: it would print the whole tensors.
      XCTAssert(
        classifier.inputTensor(for: try read(picture)) == tensor, picture.lastPathComponent)
    }
  }

  func testOrientations() throws {
    let upright = try files(in: "orientations", ".rgb").map(read)
    XCTAssertEqual(upright.count, 8)
    for (index, expected) in upright.enumerated() {
      let orientation = TYPE.Orientation(rawValue: index + 1)!
      XCTAssertEqual(upright[0].upright(from: orientation), expected, "\(orientation)")
    }
  }

  func testClassify() throws {
    let labels = try JSONDecoder().decode(
      [String].self, from: Data(contentsOf: folder.appendingPathComponent("labels.json")))
    let classifier = try TYPE(threads: 2)
    // By scalars: == takes canonically equivalent strings for equal.
    XCTAssertEqual(
      classifier.labels.map { Array($0.unicodeScalars) }, labels.map { Array($0.unicodeScalars) })
    let answers = try JSONDecoder().decode(
      [[Answer]].self, from: Data(contentsOf: folder.appendingPathComponent("answers.json")))
    let pictures = try files(in: "golden", ".rgb")
    XCTAssertEqual(answers.count, pictures.count)
    for (picture, expected) in zip(pictures, answers) {
      let categories = try classifier.classify(try read(picture), topK: 3)
      XCTAssertEqual(categories.map(\.index), expected.map(\.index))
      XCTAssertEqual(categories.map(\.label), expected.map(\.label))
      for (category, answer) in zip(categories, expected) {
        XCTAssertEqual(category.score, answer.score, accuracy: 1e-5)
      }
    }
  }

  func testErrors() throws {
    let expected = "a picture of 2 x 2 has 3 bytes a pixel, not 5 in all"
    XCTAssertThrowsError(try TYPE.RGBImage(width: 2, height: 2, pixels: [1, 2, 3, 4, 5])) {
      XCTAssertEqual($0 as? MODULEError, .input(expected))
      XCTAssertEqual($0.localizedDescription, expected)
    }
    XCTAssertThrowsError(try TYPE().run(Data([1]))) {
      guard case .input(let message)? = $0 as? MODULEError else { return XCTFail("\($0)") }
      XCTAssert(message.hasPrefix("input 0 takes "), message)
    }
  }
}

private struct Answer: Decodable {
  let index: Int
  let label: String
  let score: Float
}
