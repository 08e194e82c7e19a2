extension DigitsClassifier {
  /// What an answer shall hold.
  public struct Options: Equatable, Sendable {
    /// How many classes at most, the best of them.
    public var maxResults: Int
    /// A threshold: classes of a lower score are left out; none where it is 0.
    public var threshold: Float
    /// The labels that a class may have, as the model itself has them; empty for all.
    public var allow: Set<String>
    /// The labels that it may not have.
    public var deny: Set<String>

    public init(
      maxResults: Int = 3,
      threshold: Float = 0.0,
      allow: Set<String> = [], deny: Set<String> = []
    ) {
      self.maxResults = maxResults
      self.threshold = threshold
      self.allow = allow
      self.deny = deny
    }

    /// Throws where a value is out of its range.
    func check() throws {
      guard maxResults > 0 else {
        throw DigitsError.input("maxResults is \(maxResults), and must be 1 or more")
      }
      guard threshold >= 0, threshold.isFinite else {
        throw DigitsError.input("threshold is \(threshold), and must be 0 or more")
      }
    }
  }
}
