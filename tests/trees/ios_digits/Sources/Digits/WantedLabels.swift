/// Which classes an answer may have, by their labels.
final class WantedLabels {
  private let labels: [String]
  private var options = DigitsClassifier.Options()
  private var isWanted: [Bool]

  init(_ labels: Labels) {
    self.labels = labels.own
    isWanted = labels.own.map { _ in true }
  }

  /// Whether it may have each class, with these options; those of the last call need no time.
  func wanted(by options: DigitsClassifier.Options) throws -> [Bool] {
    if options.allow != self.options.allow || options.deny != self.options.deny {
      for label in options.allow.union(options.deny) where !labels.contains(label) {
        throw DigitsError.input("there is no label \"\(label)\"")
      }
      isWanted = labels.map { label in
        (options.allow.isEmpty || options.allow.contains(label)) && !options.deny.contains(label)
      }
      self.options = options
    }
    return isWanted
  }
}
