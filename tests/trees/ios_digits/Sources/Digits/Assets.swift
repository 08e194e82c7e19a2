import Foundation

/// The files in Assets/, whether Swift Package Manager or CocoaPods put them into the app.
enum Assets {
  /// The path of a file of Assets/.
  static func path(_ name: String) throws -> String {
    guard let url = folder?.appendingPathComponent(name),
      FileManager.default.fileExists(atPath: url.path)
    else { throw DigitsError.resource(name) }
    return url.path
  }

  /// The content of a file of Assets/.
  static func data(_ name: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: try path(name)) else {
      throw DigitsError.resource(name)
    }
    return data
  }

  private static var folder: URL? {
    #if SWIFT_PACKAGE
      return Bundle.module.url(forResource: "Assets", withExtension: nil)
    #else
      return Bundle(for: DigitsClassifier.self)
        .url(forResource: "DigitsAssets", withExtension: "bundle")
    #endif
  }
}
