import Foundation

/// The files in Assets/, whether Swift Package Manager or CocoaPods put them into the app.
enum Assets {
  /// A file of Assets/, or a folder.
  static func url(_ name: String) throws -> URL {
    guard let url = folder?.appendingPathComponent(name),
      FileManager.default.fileExists(atPath: url.path)
    else { throw DigitsError.resource(name) }
    return url
  }

  /// The content of a file of Assets/.
  static func data(_ name: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: try url(name).path) else {
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
