import Foundation
import Sine

/// Runs the golden cases through the model as an app would.
struct SelfTest {
  var folder = Golden.folder

  /// What went wrong, a line for each; empty if everything is as it should be.
  func failures() throws -> [String] {
    let golden = try Golden.read(from: folder)
    let model = try SineModel(threads: 1)
    guard !golden.cases.isEmpty else { return ["there are no golden cases"] }
    var failures: [String] = []
    for sample in golden.cases {
      let actual = try model.run(inputs: sample.inputs.map(data))
      let expected = try sample.outputs.map(data)
      if let difference = Golden.difference(
        Golden.numbers(of: Int8.self, in: actual[0]),
        Golden.numbers(of: Int8.self, in: expected[0]),
        tolerance: golden.tolerance.counts)
      {
        failures.append("\(sample.name): output y \(difference)")
      }
    }
    return failures
  }

  private func data(_ file: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(file))
  }
}
