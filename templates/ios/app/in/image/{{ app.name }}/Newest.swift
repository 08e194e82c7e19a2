/// What comes faster than it is used: the newest waits, in the place of an older one.
struct Newest<Element: Sendable>: Sendable {
  /// For one loop.
  let elements: AsyncStream<Element>
  private let continuation: AsyncStream<Element>.Continuation

  init() {
    (elements, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Never waits.
  func send(_ element: Element) {
    continuation.yield(element)
  }
}
