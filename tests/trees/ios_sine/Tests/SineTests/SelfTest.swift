import Foundation
import Sine

/// Runs the golden cases through the model as an app would.
struct SelfTest {
  var folder = Golden.folder

  /// How the items of each output are read.
  private static let outputs: [(name: String, numbers: (Data) -> [Double])] = [
    ("y", { Golden.numbers(of: Int8.self, in: $0) })
  ]

  /// What went wrong, a line for each; empty if everything is as it should be.
  func failures() throws -> [String] {
    let golden = try Golden.read(from: folder)
    guard !golden.cases.isEmpty else { return ["there are no golden cases"] }
    var failures: [String] = []
    for sample in golden.cases {
      // Each with a model of its own: some remember what they were given before.
      let model = try SineModel(threads: 1)
      var problems: [String] = []
      let outputs = try model.run(inputs: sample.inputs.map(data))
      for (index, output) in Self.outputs.enumerated() {
        guard let rule = golden.outputs[index], let file = sample.outputs[index] else { continue }
        let expected = try output.numbers(data(file))
        if let difference = rule.difference(
          of: output.numbers(outputs[index]), from: expected)
        {
          problems.append("output \(output.name) \(difference)")
        }
      }
      failures += problems.map { "\(sample.name): \($0)" }
    }
    return failures
  }

  private func data(_ file: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(file))
  }
}
