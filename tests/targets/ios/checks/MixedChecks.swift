// The typed side of a model of tensors of five types; see mixed_model in test_ios.py.
import Mixed
import XCTest

final class MixedRunChecks: XCTestCase {
  func testRun() throws {
    let outputs = try MixedModel().run(
      a: [true, true, false], b: [true, false, false], x: [1 << 40, -3],
      q: MixedModel.quantizeQ([0.25, -0.75, 0.7, 1e9]), f: [1.5, -0.0], n: [7, -8])
    XCTAssertEqual(outputs.both, [true, false, false])
    XCTAssertEqual(outputs.twice, [1 << 41, -6])
    // A step is 0.5, halves go away from zero, and 32767 is the largest.
    XCTAssertEqual(outputs.same, [1, -2, 1, 32767])
    XCTAssertEqual(MixedModel.dequantizeSame(outputs.same), [0.5, -1, 0.5, 16383.5])
    XCTAssertEqual(outputs.negative, [-1.5, 0])
    XCTAssertEqual(outputs.itself, [7, -8])
  }
}
