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

  /// What went wrong, a line for each; empty if everything is as it should be.
  func failures() throws -> [String] {
    let golden = try Golden.read(from: folder)
    let classifier = try DigitsClassifier(threads: 1)
    guard !golden.cases.isEmpty else { return ["there are no golden cases"] }
    var failures: [String] = []
    for sample in golden.cases {
      var input = try data(sample.inputs[0])
      if let picture = sample.picture {
        let image = try pixels.pixels(of: folder.appendingPathComponent(picture))
        let actual = classifier.inputTensor(for: image)
        if actual != input {
          failures.append("\(sample.name): \(picture) becomes another input tensor")
        }
        input = actual
      }
      let output = try classifier.run(input)
      let expected = try data(sample.outputs[0])
      if let difference = Golden.difference(
        Golden.numbers(of: Int8.self, in: output),
        Golden.numbers(of: Int8.self, in: expected),
        tolerance: golden.tolerance.counts)
      {
        failures.append("\(sample.name): the output \(difference)")
        continue
      }
      failures += try problems(
        of: classifier.categories(in: output, topK: classifier.labels.count),
        golden: classifier.categories(in: expected, topK: classifier.labels.count),
        sample, golden.tolerance
      ).map { "\(sample.name): \($0)" }
    }
    return failures
  }

  /// Whether labels and scores are those of the case, and the best class is the best there.
  private func problems(
    of categories: [DigitsClassifier.Category], golden: [DigitsClassifier.Category],
    _ sample: Golden.Case, _ allowed: Golden.Tolerance
  ) -> [String] {
    // A count of the output stands for 0.00390625; the rest is for the rounding of a float.
    let tolerance = allowed.counts * 0.00390625 + 1e-6
    var problems: [String] = []
    for answer in sample.answers {
      guard let category = categories.first(where: { $0.index == answer.index }) else {
        problems.append("class \(answer.index) is missing")
        continue
      }
      if category.label != answer.label {
        problems.append("class \(answer.index) is \(category.label) instead of \(answer.label)")
      }
      if !(abs(Double(category.score) - answer.score) <= tolerance) {
        problems.append("\(answer.label) has \(category.score) instead of \(answer.score)")
      }
    }
    // Two classes may change places if both scores moved towards each other.
    if let best = categories.first, let expected = sample.answers.first,
      let before = golden.first(where: { $0.index == best.index }),
      expected.score - Double(before.score) > 2 * tolerance
    {
      problems.append("the best class is \(best.label) instead of \(expected.label)")
    }
    return problems
  }

  private func data(_ file: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(file))
  }
}
