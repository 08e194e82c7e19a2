import Foundation

/// ``DigitsClassifier`` for asynchronous code: calls wait for one another without blocking a thread.
public actor DigitsClassifierActor {
  /// The model, whose own methods may be called too.
  public nonisolated let model: DigitsClassifier

  public init(_ model: DigitsClassifier) {
    self.model = model
  }

  /// The best classes for a picture, best first; of equal ones the one of the lower index first.
  public func classify(
    _ image: DigitsClassifier.RGBImage,
    orientation: DigitsClassifier.Orientation = .up,
    region: DigitsClassifier.Region? = nil,
    options: DigitsClassifier.Options = .init()
  ) throws -> [DigitsClassifier.Category] {
    try model.classify(
      image, orientation: orientation, region: region, options: options)
  }
}
