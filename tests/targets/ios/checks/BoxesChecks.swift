// Goes beside the generated tests of a detector with labels; MODULE and TYPE stand for its names.
import XCTest

@testable import MODULE

final class MODULEBoxesChecks: XCTestCase {
  private let image = try! TYPE.RGBImage(
    width: 40, height: 30, pixels: (0..<40 * 30 * 3).map { UInt8($0 % 251) })

  func testOptions() throws {
    let model = try TYPE()
    let all = try model.detect(image)
    XCTAssertGreaterThan(Set(all.map(\.index)).count, 1)
    XCTAssertEqual(all.map(\.score), all.map(\.score).sorted(by: >))
    XCTAssertEqual(try model.detect(image, options: .init(maxResults: 2)), Array(all.prefix(2)))
    let middle = all[all.count / 2].score
    XCTAssertEqual(
      try model.detect(image, options: .init(threshold: middle)), all.filter { $0.score >= middle })
    // Of the few that there are all take part, whatever their class.
    if all.count < 100 {
      let label = try XCTUnwrap(all[0].label)
      XCTAssertEqual(
        try model.detect(image, options: .init(allow: [label])), all.filter { $0.label == label })
      XCTAssertEqual(
        try model.detect(image, options: .init(deny: [label])), all.filter { $0.label != label })
    }
  }

  /// A box in a part of a picture lies in the picture.
  func testRegions() throws {
    let model = try TYPE()
    let region = TYPE.Region(x: 7, y: 3, width: 20, height: 21)
    let pixels = (3..<24).flatMap { (row: Int) -> [UInt8] in
      let first: Int = (row * 40 + 7) * 3
      return Array(image.pixels[first..<first + 60])
    }
    let part = try model.detect(TYPE.RGBImage(width: 20, height: 21, pixels: pixels))
    let found = try model.detect(image, region: region)
    XCTAssertEqual(found.map(\.score), part.map(\.score))
    for (inWhole, inPart) in zip(found.map(\.box), part.map(\.box)) {
      XCTAssertEqual(inWhole.left, inPart.left + 7)
      XCTAssertEqual(inWhole.top, inPart.top + 3)
      XCTAssertEqual(inWhole.right, inPart.right + 7)
      XCTAssertEqual(inWhole.bottom, inPart.bottom + 3)
    }
  }

  func testActorAndStream() async throws {
    let model = TYPEActor(try TYPE())
    let expected = try model.model.detect(image)
    let answer = try await model.detect(image)
    XCTAssertEqual(answer, expected)
    let stream = TYPEStream(model, options: .init(maxResults: 1))
    stream.send(image)
    stream.finish()
    for try await answer in stream { XCTAssertEqual(answer, Array(expected.prefix(1))) }
  }
}
