import Foundation

/// What can go wrong with the model Digits.
public enum DigitsError: Error, Equatable {
  /// A file of the package is not in the app, or is damaged.
  case resource(String)
  /// TensorFlow Lite refused to load or to run the model; its log on stderr tells why.
  case runtime(String)
  /// The model cannot run on the accelerator that was asked for.
  case accelerator(String)
  /// What was given does not fit the model.
  case input(String)
}

extension DigitsError: LocalizedError {
  public var errorDescription: String? {
    switch self {
    case .resource(let file):
      return "\(file) of Digits is missing or damaged"
    case .runtime(let step):
      return "TensorFlow Lite cannot \(step); its log on stderr tells why"
    case .accelerator(let reason), .input(let reason):
      return reason
    }
  }
}
