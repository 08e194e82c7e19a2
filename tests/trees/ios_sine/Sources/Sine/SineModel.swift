import Foundation

/// sine.
///
/// Make one and keep it. Any thread may use it: one at a time runs the model, and the others wait.
/// In asynchronous code take a ``SineModelActor``.
public final class SineModel: Sendable {
  /// What the model runs on.
  public let accelerator: Accelerator
  /// Why it does not run on what was asked for; nil where it does.
  public let fallbackReason: String?
  private let session: Locked<Session>

  /// Loads the model; that takes a while.
  ///
  /// - Parameters:
  ///   - accelerator: what the model shall run on; where it cannot, or answers wrongly, it runs on
  ///     the CPU, and ``fallbackReason`` says why.
  ///   - threads: how many threads of the CPU a run may use.
  ///   - verify: whether an accelerator must prove itself: golden cases are replayed on it.
  ///   - modelFile: the model, where it is not the one in the package but a copy of it.
  public convenience init(
    accelerator: Accelerator = .cpu, threads: Int = 2, verify: Bool = true,
    modelFile: URL? = nil
  ) throws {
    try self.init(
      accelerator: accelerator, threads: threads,
      modelFile: modelFile,
      proof: verify ? { try GoldenCases(folder: Assets.url("golden")) } : nil)
  }

  /// `proof` gives the golden cases that an accelerator must answer right.
  init(
    accelerator: Accelerator, threads: Int,
    modelFile: URL? = nil,
    proof: (() throws -> GoldenCases)?
  ) throws {
    let modelPath = try ModelFile.path(modelFile)
    func open(_ accelerator: Accelerator) throws -> Session {
      try Session(
        modelPath: modelPath, accelerator: accelerator, threads: threads)
    }
    let (session, reason) = try Session.opened(on: accelerator, proof: proof, open)
    self.session = Locked(session)
    self.accelerator = reason == nil ? accelerator : .cpu
    fallbackReason = reason
  }

  /// The output for these arrays. They hold the tensors' items in C order.
  ///
  /// - Parameter x: Int8 [1, 1] that stand for 0.024639944 * (item + 128).
  ///   The angle in radians.
  public func run(
    x: [Int8]
  ) throws -> [Int8] {
    try session.withLock { session in
      try session.runner.write(x, into: 0, named: "x")
      return try session.answer()
    }
  }

  /// Real numbers as items of `x`, rounded half away from zero.
  ///
  /// These are Int8 that stand for 0.024639944 * (item + 128).
  ///
  /// - Throws: `SineError.input` where one is not a number.
  public static func quantizeX(_ values: [Float]) throws -> [Int8] {
    try values.map { value in
      guard !value.isNaN else { throw SineError.input("x holds NaN") }
      let steps = (Double(value) / Double(0.024639944 as Float)).rounded() - 128
      if steps <= Double(Int8.min) { return .min }
      if steps >= Double(Int8.max) { return .max }
      return Int8(steps)
    }
  }

  /// Items of the output `y` as real numbers.
  ///
  /// These are Int8 that stand for 0.007881705 * item.
  public static func dequantizeY(_ items: [Int8]) -> [Float] {
    items.map { Float($0) * 0.007881705 }
  }

  /// In what it does not answer as golden cases say, in words.
  func differences(from golden: GoldenCases) throws -> [String] {
    try session.withLock { try $0.differences(from: golden) }
  }
}
