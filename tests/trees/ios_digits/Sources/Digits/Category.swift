extension DigitsClassifier {
  /// A class in an answer.
  public struct Category: Equatable, Sendable {
    /// Its place in the labels.
    public let index: Int
    public let label: String
    /// What the model gives it.
    public let score: Float
  }
}
