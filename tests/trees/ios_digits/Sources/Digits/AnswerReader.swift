import Foundation

/// Reads the best classes from the model's output, 10 of Int8.
final class AnswerReader {
  private let labels: Labels
  private let wantedLabels: WantedLabels
  private var scores = [Float](repeating: 0, count: 10)
  private var best: [Int] = []

  init(labels: Labels) {
    self.labels = labels
    wantedLabels = WantedLabels(labels)
  }

  /// The best classes, best first; equal ones in the order of the labels, and NaN last.
  func read(
    _ runner: Runner, _ options: DigitsClassifier.Options
  ) throws -> [DigitsClassifier.Category] {
    try options.check()
    let isWanted = try wantedLabels.wanted(by: options)
    readScores(runner.output(0).bindMemory(to: Int8.self))
    best.removeAll(keepingCapacity: true)
    for index in scores.indices where isWanted[index] {
      if options.threshold > 0, !(scores[index] >= options.threshold) { continue }
      // To its place among the best so far, of which the last may fall out.
      var place = best.count
      while place > 0, isAbove(scores[index], scores[best[place - 1]]) { place -= 1 }
      if place == options.maxResults { continue }
      if best.count == options.maxResults { best.removeLast() }
      best.insert(index, at: place)
    }
    return best.map { .init(index: $0, label: labels.shown[$0], score: scores[$0]) }
  }

  private func readScores(_ items: UnsafeBufferPointer<Int8>) {
    for index in scores.indices { scores[index] = (Float(items[index]) + 128) * 0.00390625 }
  }

  private func isAbove(_ score: Float, _ other: Float) -> Bool {
    score > other || (other.isNaN && !score.isNaN)
  }
}

extension AnswerReader {
  /// In what the answer is not that of a case: each golden class must be there with its score, and
  /// no other one clearly above the best of them.
  func differences(
    from sample: GoldenCases.Case, of golden: GoldenCases, in runner: Runner
  ) throws -> [String] {
    let options = DigitsClassifier.Options(maxResults: scores.count)
    let (actual, within) = (try read(runner, options), golden.agreement.score)
    let threshold = Double(options.threshold)
    var differences: [String] = []
    for answer in sample.answers {
      let found = actual.first { $0.index == answer.index && labels.own[$0.index] == answer.label }
      if let found {
        if !(abs(Double(found.score) - answer.score) <= within) {
          differences.append("\(answer.label) has \(found.score) instead of \(answer.score)")
        }
      } else if answer.score > threshold + within {
        differences.append("\(answer.label) (\(answer.score)) is missing")
      }
    }
    // Two classes may change places if both scores moved towards each other.
    let most = (sample.answers.first?.score ?? threshold) + 2 * within
    if let first = actual.first, Double(first.score) > most {
      differences.append("\(labels.own[first.index]) has \(first.score), above the golden best")
    }
    return differences
  }
}
