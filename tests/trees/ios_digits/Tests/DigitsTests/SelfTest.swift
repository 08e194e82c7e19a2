import Digits
import Foundation

/// Decodes the golden pictures.
protocol PixelSource {
  func pixels(of picture: URL) throws -> DigitsClassifier.RGBImage
}

/// Runs the golden cases through the model as an app would.
struct SelfTest {
  let pixels: any PixelSource
  var folder = Golden.folder

  /// How the items of each output are read.
  private static let outputs: [(name: String, numbers: (Data) -> [Double])] = [
    ("probability", { Golden.numbers(of: Int8.self, in: $0) })
  ]

  /// What went wrong, a line for each; empty if everything is as it should be.
  func failures() throws -> [String] {
    let golden = try Golden.read(from: folder)
    guard !golden.cases.isEmpty else { return ["there are no golden cases"] }
    var failures: [String] = []
    for sample in golden.cases {
      // Each with a model of its own: some remember what they were given before.
      let model = try DigitsClassifier(threads: 1)
      var problems: [String] = []
      var input = try data(sample.inputs[0])
      if let picture = sample.picture {
        let image = try pixels.pixels(of: folder.appendingPathComponent(picture))
        let tensor = model.inputTensor(for: image)
        if golden.inputs[0].kept(of: tensor) != input {
          problems.append("\(picture) becomes another input tensor")
        }
        input = tensor
      }
      let outputs = [try model.run(input)]
      for (index, output) in Self.outputs.enumerated() {
        guard let rule = golden.outputs[index], let file = sample.outputs[index] else { continue }
        let expected = try output.numbers(data(file))
        if let difference = rule.difference(
          of: output.numbers(outputs[index]), from: expected)
        {
          problems.append("output \(output.name) \(difference)")
        }
      }
      let categories = try model.categories(in: outputs[0], topK: model.labels.count)
      problems += differences(
        of: categories, from: sample.answers, within: golden.agreement.score)
      failures += problems.map { "\(sample.name): \($0)" }
    }
    return failures
  }

  /// Where classes are not the golden best ones, or their scores are not near; or another is better.
  private func differences(
    of categories: [DigitsClassifier.Category], from answers: [Golden.Answer],
    within tolerance: Double
  ) -> [String] {
    var differences: [String] = []
    for answer in answers {
      guard let category = categories.first(where: { $0.index == answer.index }) else {
        differences.append("class \(answer.index) is missing")
        continue
      }
      if category.label != answer.label {
        differences.append(
          "class \(answer.index) is \(category.label) instead of \(answer.label)")
      }
      if !(abs(Double(category.score) - answer.score) <= tolerance) {
        differences.append("\(answer.label) has \(category.score) instead of \(answer.score)")
      }
    }
    // Two classes may change places if both scores moved towards each other.
    if let best = categories.first, let expected = answers.first,
      Double(best.score) > expected.score + 2 * tolerance
    {
      differences.append("the best class is \(best.label) instead of \(expected.label)")
    }
    return differences
  }

  private func data(_ file: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(file))
  }
}
