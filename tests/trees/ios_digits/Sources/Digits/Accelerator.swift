extension DigitsClassifier {
  /// What the model may run on.
  public enum Accelerator: Sendable {
    case cpu
    /// Core ML, and by it the Neural Engine.
    case coreML
    /// The GPU.
    case metal
  }
}
