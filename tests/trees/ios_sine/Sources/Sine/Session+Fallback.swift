extension Session {
  /// A session on an accelerator; on the CPU, with the reason, where that fails or does not answer as
  /// the golden cases of `proof` say.
  static func opened(
    on accelerator: SineModel.Accelerator, proof: (() throws -> GoldenCases)?,
    _ open: (SineModel.Accelerator) throws -> Session
  ) throws -> (session: Session, fallbackReason: String?) {
    guard accelerator != .cpu else { return (try open(.cpu), nil) }
    let reason: String
    do {
      let session = try open(accelerator)
      let differences = try proof.map { try session.differences(from: $0()) } ?? []
      guard let first = differences.first else {
        return (session, nil)
      }
      reason = "\(accelerator) answers otherwise than golden: \(first)"
    } catch {
      reason = error.localizedDescription
    }
    return (try open(.cpu), reason)
  }
}
