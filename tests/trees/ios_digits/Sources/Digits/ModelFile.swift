import Foundation

#if canImport(CryptoKit)
  import CryptoKit
#endif

/// The model's file.
enum ModelFile {
  /// The SHA-256 of the model that this code was made for.
  static let sha256 = "d0a5e29d218da8c2f43e12e204458e91259f3affd12c09d0c8c47cdca5a3204d"

  /// The path of the model in Assets/, or of `file`, if it is the same model.
  static func path(_ file: URL?) throws -> String {
    guard let file else { return try Assets.url("model.tflite").path }
    guard let data = try? Data(contentsOf: file, options: .alwaysMapped) else {
      throw DigitsError.resource(file.lastPathComponent)
    }
    guard hash(data) == sha256 else {
      throw DigitsError.input(
        "\(file.lastPathComponent) is not the model of Digits")
    }
    return file.path
  }

  #if canImport(CryptoKit)
    private static func hash(_ data: Data) -> String {
      SHA256.hash(data: data).map { String(format: "%02x", $0) }.joined()
    }
  #else
    private static func hash(_ data: Data) -> String {
      var hash = PortableSHA256()
      hash.update(data)
      return hash.digest()
    }
  #endif
}
