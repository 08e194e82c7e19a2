import Foundation

/// digits: names the best of 10 labels for a picture.
///
/// Make one and keep it. Any thread may use it: one at a time runs the model, and the others wait.
/// In asynchronous code take a ``DigitsClassifierActor``.
public final class DigitsClassifier: Sendable {
  /// What the model runs on.
  public let accelerator: Accelerator
  /// Why it does not run on what was asked for; nil where it does.
  public let fallbackReason: String?
  /// The labels as answers show them, in the order of the model's classes.
  public let labels: [String]
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
    let labels = try Labels()
    self.labels = labels.shown
    func open(_ accelerator: Accelerator) throws -> Session {
      try Session(
        modelPath: modelPath, accelerator: accelerator, threads: threads, labels: labels)
    }
    let (session, reason) = try Session.opened(on: accelerator, proof: proof, open)
    self.session = Locked(session)
    self.accelerator = reason == nil ? accelerator : .cpu
    fallbackReason = reason
  }

  /// The best classes for a picture, best first; of equal ones the one of the lower index first.
  ///
  /// - Parameters:
  ///   - image: of any size.
  ///   - orientation: how it is stored, if not upright.
  ///   - region: the part of the upright picture that is taken for the whole; nil for all of it.
  ///   - options: what the answer shall hold.
  public func classify(
    _ image: RGBImage, orientation: Orientation = .up, region: Region? = nil,
    options: Options = Options()
  ) throws -> [Category] {
    try answer(options) {
      try $0.prepare(image, orientation: orientation, region: region, into: $1)
    }
  }

  /// The best classes for a frame whose pixels are in one plane, best first; of equal ones the one of the lower index first.
  public func classify(
    _ frame: PixelFrame, orientation: Orientation = .up, region: Region? = nil,
    options: Options = Options()
  ) throws -> [Category] {
    try answer(options) {
      try $0.prepare(frame, orientation: orientation, region: region, into: $1)
    }
  }

  /// The best classes for a frame in planes of YUV, best first; of equal ones the one of the lower index first.
  public func classify(
    _ frame: YUVFrame, orientation: Orientation = .up, region: Region? = nil,
    options: Options = Options()
  ) throws -> [Category] {
    try answer(options) {
      try $0.prepare(frame, orientation: orientation, region: region, into: $1)
    }
  }

  /// The answer to what `prepare` writes into the model's input.
  func answer(
    _ options: Options, to prepare: (Preprocessor, UnsafeMutableRawBufferPointer) throws -> Void
  ) throws -> [Category] {
    try session.withLock { session in
      try prepare(session.preprocessor, session.runner.input(0))
      return try session.answer(options)
    }
  }

  /// In what it does not answer as golden cases say, in words.
  func differences(from golden: GoldenCases) throws -> [String] {
    try session.withLock { try $0.differences(from: golden) }
  }
}
