/// The model with all that a run writes into: for one thread at a time.
final class Session {
  let runner: Runner
  let preprocessor: Preprocessor
  private let reader: AnswerReader

  init(
    modelPath: String, accelerator: DigitsClassifier.Accelerator,
    threads: Int, labels: Labels
  ) throws {
    runner = try Runner(modelPath: modelPath, accelerator: accelerator, threads: threads)
    preprocessor = try Preprocessor()
    reader = AnswerReader(labels: labels)
  }

  /// Runs the model on what its inputs hold, and reads the answer.
  func answer(_ options: DigitsClassifier.Options) throws -> [DigitsClassifier.Category] {
    try runner.run()
    return try reader.read(runner, options)
  }

  /// In what the model does not answer as golden cases say, in words, each behind its case's name.
  func differences(from golden: GoldenCases) throws -> [String] {
    guard !golden.cases.isEmpty else { return ["there are no golden cases"] }
    let frames = try golden.frames.flatMap { frame in
      try inputDifferences(from: frame, of: golden).map { "\(frame.name): \($0)" }
    }
    return try frames
      + golden.cases.flatMap { sample in
        try differences(from: sample, in: golden).map { "\(sample.name): \($0)" }
      }
  }

  private func differences(
    from sample: GoldenCases.Case, in golden: GoldenCases
  ) throws -> [String] {
    var differences = try feed(sample, of: golden)
    try runner.run()
    differences += try golden.outputDifferences(of: runner, from: sample)
    differences += try reader.differences(
      from: sample, of: golden, in: runner)
    return differences
  }
}
