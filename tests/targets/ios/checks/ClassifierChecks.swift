// Goes beside the generated tests of a classifier of pictures; MODULE and TYPE stand for its names.
import XCTest

@testable import MODULE

/// What Python computed for this module.
private let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CHECKS"]!)
  .appendingPathComponent("MODULE")

private func files(in name: String, _ suffix: String) throws -> [URL] {
  try FileManager.default.contentsOfDirectory(
    at: folder.appendingPathComponent(name), includingPropertiesForKeys: nil
  ).filter { $0.lastPathComponent.hasSuffix(suffix) }.sorted { $0.path < $1.path }
}

private struct Answer: Decodable {
  let index: Int
  let label: String
  let score: Float
}

final class MODULEChecks: XCTestCase {
  /// This machine's library has the reference's kernels: integers may not differ at all.
  func testGoldenCasesExactly() throws {
    let golden = try goldenCases(in: folder.appendingPathComponent("golden"))
    XCTAssertEqual(try TYPE().differences(from: golden), [])
  }

  func testInputTensors() throws {
    let preprocessor = try Preprocessor()
    let pictures = try files(in: "pictures", ".rgb")
    XCTAssertFalse(pictures.isEmpty)
    for picture in pictures {
      let file = picture.deletingPathExtension().appendingPathExtension("bin")
      let tensor = try Data(contentsOf: file)
      XCTAssert(try input(of: read(picture), preprocessor) == tensor, picture.lastPathComponent)
    }
  }

  /// The input tensor for a picture.
  private func input(
    of image: TYPE.RGBImage, _ preprocessor: Preprocessor,
    orientation: TYPE.Orientation = .up, region: TYPE.Region? = nil
  ) throws -> Data {
    let runner = try Runner(
      modelPath: ModelFile.path(nil), accelerator: .cpu, threads: 1)
    try preprocessor.prepare(
      image, orientation: orientation, region: region, into: runner.input(0))
    return Data(runner.input(0))
  }

  func testOrientations() throws {
    let upright = try files(in: "orientations", ".rgb").map(read)
    XCTAssertEqual(upright.count, 8)
    let preprocessor = try Preprocessor()
    let model = try TYPE()
    for (index, expected) in upright.enumerated() {
      let orientation = TYPE.Orientation(rawValue: index + 1)!
      let turned = try input(of: upright[0], preprocessor, orientation: orientation)
      XCTAssertEqual(turned, try input(of: expected, preprocessor), "\(orientation)")
      XCTAssertEqual(
        try model.classify(upright[0], orientation: orientation), try model.classify(expected))
    }
  }

  /// Frames in memory are answered as the same picture in bytes, a gray one in planes too.
  func testFrames() throws {
    let picture = try read(files(in: "pictures", "640x480.rgb")[0])
    let model = try TYPE()
    let pixels = picture.pixels
    let bgra = (0..<640 * 480).flatMap { (pixel: Int) -> [UInt8] in
      [pixels[3 * pixel + 2], pixels[3 * pixel + 1], pixels[3 * pixel], 7]
    }
    let answer = try bgra.withUnsafeBytes {
      try model.classify(
        TYPE.PixelFrame(width: 640, height: 480, bytes: $0, bytesPerRow: 4 * 640, format: .bgra),
        orientation: .right)
    }
    XCTAssertEqual(answer, try model.classify(picture, orientation: .right))
    let luma = (0..<640 * 480).map { pixels[3 * $0] }
    let grays = luma.flatMap { (luma: UInt8) -> [UInt8] in [luma, luma, luma] }
    let gray = try TYPE.RGBImage(width: 640, height: 480, pixels: grays)
    let region = TYPE.Region(x: 3, y: 5, width: 300, height: 200)
    let grayAnswer = try luma.withUnsafeBytes { luma in
      try [UInt8](repeating: 128, count: 640 * 240).withUnsafeBytes {
        try model.classify(
          TYPE.YUVFrame(
            width: 640, height: 480, y: luma, yBytesPerRow: 640, uv: $0, uvBytesPerRow: 640,
            range: .full),
          region: region)
      }
    }
    XCTAssertEqual(grayAnswer, try model.classify(gray, region: region))
  }

  /// What is outside of a region does not show; it lies in the upright picture.
  func testRegions() throws {
    let picture = try read(files(in: "pictures", "640x480.rgb")[0])
    let region = TYPE.Region(x: 100, y: 20, width: 50, height: 70)
    let part = try TYPE.RGBImage(
      width: 50, height: 70,
      pixels: (20..<90).flatMap { (row: Int) -> [UInt8] in
        let first: Int = (row * 640 + 100) * 3
        return Array(picture.pixels[first..<first + 150])
      })
    let preprocessor = try Preprocessor()
    XCTAssertEqual(
      try input(of: picture, preprocessor, region: region), try input(of: part, preprocessor))
    let model = try TYPE()
    for wrong in [
      TYPE.Region(x: -1, y: 0, width: 2, height: 2), TYPE.Region(x: 0, y: 0, width: 641, height: 2),
      TYPE.Region(x: 0, y: 0, width: 0, height: 2), TYPE.Region(x: 1, y: 1, width: .max, height: .max),
      TYPE.Region(x: 0, y: .max, width: 1, height: 1),
    ] {
      XCTAssertThrowsError(try model.classify(picture, region: wrong)) {
        guard case .input(let message)? = $0 as? MODULEError else { return XCTFail("\($0)") }
        XCTAssert(message.hasSuffix("does not lie in the upright picture of 640 x 480"), message)
      }
    }
    // Stored on its side, it is 480 wide.
    XCTAssertThrowsError(try model.classify(picture, orientation: .right, region: .init(x: 0, y: 0, width: 640, height: 1)))
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
      let categories = try classifier.classify(read(picture))
      XCTAssertEqual(categories.map(\.index), expected.map(\.index))
      XCTAssertEqual(categories.map(\.label), expected.map(\.label))
      for (category, answer) in zip(categories, expected) {
        XCTAssertEqual(category.score, answer.score, accuracy: 1e-5)
      }
    }
  }

  func testOptions() throws {
    let classifier = try TYPE()
    let picture = try read(files(in: "golden", ".rgb")[0])
    let all = try classifier.classify(picture, options: .init(maxResults: 1000, threshold: 0))
    XCTAssertEqual(all.count, classifier.labels.count)
    XCTAssertEqual(all.map(\.score), all.map(\.score).sorted(by: >))
    XCTAssertEqual(
      try classifier.classify(picture, options: .init(maxResults: 2, threshold: 0)), Array(all[..<2]))
    // Scores may be equal, or below 0; a threshold of 0 leaves out nothing.
    let least = max(0, all[1].score)
    XCTAssertEqual(
      try classifier.classify(picture, options: .init(threshold: least)),
      Array(all.filter { least == 0 || $0.score >= least }.prefix(3)))
    // Labels that are left out take no place.
    let deny = Set([all[0].label])
    XCTAssertEqual(
      try classifier.classify(picture, options: .init(maxResults: 1, threshold: 0, deny: deny)),
      all.filter { !deny.contains($0.label) }.prefix(1).map { $0 })
    let allow = Set([all[1].label, all[2].label])
    XCTAssertEqual(
      try classifier.classify(picture, options: .init(maxResults: 1000, threshold: 0, allow: allow)),
      all.filter { allow.contains($0.label) })
    XCTAssertEqual(
      try classifier.classify(picture, options: .init(maxResults: 1000, threshold: 0)), all)
    for (options, message) in [
      (TYPE.Options(maxResults: 0), "maxResults is 0, and must be 1 or more"),
      (TYPE.Options(threshold: -1), "threshold is -1.0, and must be 0 or more"),
      (TYPE.Options(threshold: .nan), "threshold is nan, and must be 0 or more"),
      (TYPE.Options(allow: ["no such"]), "there is no label \"no such\""),
      (TYPE.Options(deny: ["no such"]), "there is no label \"no such\""),
    ] {
      XCTAssertThrowsError(try classifier.classify(picture, options: options)) {
        XCTAssertEqual($0 as? MODULEError, .input(message))
      }
    }
  }

  func testErrors() throws {
    let expected = "a picture of 2 x 2 has 3 bytes a pixel, not 5 in all"
    XCTAssertThrowsError(try TYPE.RGBImage(width: 2, height: 2, pixels: [1, 2, 3, 4, 5])) {
      XCTAssertEqual($0 as? MODULEError, .input(expected))
      XCTAssertEqual($0.localizedDescription, expected)
    }
  }

  /// Many threads get the answers that one gets.
  func testThreads() throws {
    let classifier = try TYPE()
    let pictures = try files(in: "golden", ".rgb").map(read)
    let expected = try pictures.map { try classifier.classify($0) }
    DispatchQueue.concurrentPerform(iterations: 64) { number in
      let place = number % pictures.count
      XCTAssertEqual(try? classifier.classify(pictures[place]), expected[place])
    }
  }

  func testActor() async throws {
    let classifier = TYPEActor(try TYPE())
    let pictures = try files(in: "golden", ".rgb").map(read)
    for picture in pictures {
      let answer = try await classifier.classify(picture, options: .init(maxResults: 2))
      XCTAssertEqual(answer, try classifier.model.classify(picture, options: .init(maxResults: 2)))
    }
  }

  /// Of frames that come before the loop asks, the newest counts.
  func testStream() async throws {
    let classifier = TYPEActor(try TYPE())
    let pictures = try files(in: "golden", ".rgb").map(read)
    let stream = TYPEStream(classifier)
    pictures.forEach { stream.send($0) }
    var answers = stream.makeAsyncIterator()
    let newest = try await answers.next()
    XCTAssertEqual(newest, try classifier.model.classify(pictures[pictures.count - 1]))
    stream.send(pictures[0], orientation: .down)
    stream.finish()
    let last = try await answers.next()
    XCTAssertEqual(last, try classifier.model.classify(pictures[0], orientation: .down))
    let end = try await answers.next()
    XCTAssertNil(end)
  }
}
