import Foundation

/// A value that one thread at a time uses, while the others wait.
final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private let value: Value

  init(_ value: Value) {
    self.value = value
  }

  func withLock<Result>(_ body: (Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(value)
  }
}
