// Goes beside the generated tests of a classifier of sounds; MODULE and TYPE stand for its names.
import XCTest

@testable import MODULE

final class MODULESoundChecks: XCTestCase {
  /// Louder and louder, for four windows and a bit.
  private let samples = (0..<TYPE.window * 4 + 100).map { index in
    Int16(truncatingIfNeeded: (index % 2 == 0 ? 1 : -1) * index * 5)
  }

  /// The windows of a stream are answered as they are by themselves, whatever the blocks are.
  func testStreamsOfAnyBlocks() throws {
    let model = try TYPE()
    for (hop, size) in [
      (TYPE.hop, 1), (TYPE.hop, 1000), (TYPE.hop, 1_000_000), (1000, 333), (TYPE.window + 700, 512),
    ] {
      let starts = stride(from: 0, through: samples.count - TYPE.window, by: hop)
      let expected = try starts.map { start in
        TYPE.Window(
          startSeconds: Double(start) / Double(TYPE.sampleRate),
          answer: try model.classify(Array(samples[start..<start + TYPE.window])))
      }
      var integers = try TYPE.SampleStream(model, hop: hop)
      var reals = try TYPE.SampleStream(model, hop: hop)
      var (windows, realWindows): ([TYPE.Window], [TYPE.Window]) = ([], [])
      for start in stride(from: 0, to: samples.count, by: size) {
        let block = Array(samples[start..<min(start + size, samples.count)])
        windows += try integers.write(block)
        realWindows += try reals.write(block.map { Float($0) / 32768 })
      }
      XCTAssertEqual(windows, expected, "\(hop) \(size)")
      XCTAssertEqual(realWindows, expected, "\(hop) \(size)")
    }
  }

  func testSilenceFollows() throws {
    let model = try TYPE()
    let short = Array(samples[..<500])
    let whole = short + [Int16](repeating: 0, count: TYPE.window - 500)
    XCTAssertEqual(try model.classify(short), try model.classify(whole))
    XCTAssertEqual(try model.classify([Int16]()), try model.classify([Float]()))
  }

  func testWhatIsAskedWrongly() throws {
    let model = try TYPE()
    let long = [Float](repeating: 0, count: TYPE.window + 1)
    XCTAssertThrowsError(try model.classify(long)) {
      XCTAssertEqual(
        $0.localizedDescription,
        "a window has \(TYPE.window) samples at most, not \(TYPE.window + 1)")
    }
    XCTAssertThrowsError(try TYPE.SampleStream(model, hop: 0)) {
      XCTAssertEqual($0.localizedDescription, "hop is 0, and must be 1 or more")
    }
    XCTAssertThrowsError(try TYPE.SampleStream(model, options: .init(maxResults: 0)))
  }
}
