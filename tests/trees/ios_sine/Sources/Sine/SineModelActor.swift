import Foundation

/// ``SineModel`` for asynchronous code: calls wait for one another without blocking a thread.
public actor SineModelActor {
  /// The model, whose own methods may be called too.
  public nonisolated let model: SineModel

  public init(_ model: SineModel) {
    self.model = model
  }

  /// The output for these arrays.
  public func run(
    x: [Int8]
  ) throws -> [Int8] {
    try model.run(
      x: x
    )
  }
}
