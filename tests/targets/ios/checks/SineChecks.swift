// The typed side of the model y = sin(x), whose tensors are int8.
import Foundation
import XCTest

@testable import Sine

private let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CHECKS"]!)
  .appendingPathComponent("Sine")

final class SinePredictChecks: XCTestCase {
  private struct Table: Decodable {
    let x: [Float]
    let y: [Float]
  }

  func testPredict() throws {
    let file = folder.appendingPathComponent("predict.json")
    let table = try JSONDecoder().decode(Table.self, from: Data(contentsOf: file))
    XCTAssertFalse(table.x.isEmpty)
    let model = try SineModel()
    for (x, y) in zip(table.x, table.y) {
      XCTAssertEqual(try model.predict(x: [x]).y, [y], "x = \(x)")
    }
    XCTAssertEqual(try model.predict(x: [.infinity]), try model.predict(x: [1e30]))
    XCTAssertThrowsError(try model.predict(x: [.nan])) {
      XCTAssertEqual($0 as? SineError, .input("an input holds NaN"))
    }
    XCTAssertThrowsError(try model.predict(x: [0, 0])) {
      XCTAssertEqual($0 as? SineError, .input("input 0 takes 1 bytes, not 2"))
    }
  }

  func testModelsThatDoNotLoad() throws {
    for (name, step) in [
      ("absent.tflite", "load the model"),
      ("garbage.tflite", "load the model"),
      ("unknown_operator.tflite", "allocate the model's tensors"),
    ] {
      let path = folder.appendingPathComponent(name).path
      XCTAssertThrowsError(try Interpreter(modelPath: path, threads: 1), name) {
        XCTAssertEqual($0 as? SineError, .runtime(step), name)
        XCTAssertEqual(
          $0.localizedDescription, "TensorFlow Lite cannot \(step); its log on stderr tells why")
      }
    }
  }
}
