/// Answers to the frames of a camera: an asynchronous sequence for one loop.
///
/// The camera's queue calls `send`, which never waits; a frame that comes while the model is at work
/// takes the place of one that waits already.
///
/// ```swift
/// for try await answer in stream { show(answer) }
/// ```
public struct DigitsClassifierStream: AsyncSequence, Sendable {
  public typealias Element = [DigitsClassifier.Category]

  /// A frame of whatever kind, and what answers to it. One at a time has it, though it may be of a
  /// class that does not say that it is Sendable.
  struct Frame: @unchecked Sendable {
    let answer: (DigitsClassifier) throws -> Element
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let model: DigitsClassifierActor
    var frames: AsyncStream<Frame>.Iterator

    /// The answer to the newest frame, as soon as there is one; nil when the stream is finished.
    public mutating func next() async throws -> Element? {
      guard let frame = await frames.next() else { return nil }
      return try await model.answer(to: frame)
    }
  }

  private let model: DigitsClassifierActor
  private let frames: AsyncStream<Frame>
  private let newest: AsyncStream<Frame>.Continuation
  let options: DigitsClassifier.Options

  public init(
    _ model: DigitsClassifierActor, options: DigitsClassifier.Options = .init()
  ) {
    self.options = options
    self.model = model
    (frames, newest) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(model: model, frames: frames.makeAsyncIterator())
  }

  /// Takes a frame, for the next turn of the loop.
  public func send(
    _ image: DigitsClassifier.RGBImage,
    orientation: DigitsClassifier.Orientation = .up,
    region: DigitsClassifier.Region? = nil
  ) {
    send { [options] model in
      try model.classify(
        image, orientation: orientation, region: region, options: options)
    }
  }

  /// Ends the loop, after a frame that waits.
  public func finish() {
    newest.finish()
  }

  func send(_ answer: @escaping (DigitsClassifier) throws -> Element) {
    newest.yield(Frame(answer: answer))
  }
}

extension DigitsClassifierActor {
  fileprivate func answer(
    to frame: DigitsClassifierStream.Frame
  ) throws -> [DigitsClassifier.Category] {
    try frame.answer(model)
  }
}
