import Foundation

/// The files in Assets/, whether Swift Package Manager or CocoaPods put them into the app.
enum Assets {
  /// A file of Assets/, or a folder.
  static func url(_ name: String) throws -> URL {
    guard let url = folder?.appendingPathComponent(name),
      FileManager.default.fileExists(atPath: url.path)
    else { throw SineError.resource(name) }
    return url
  }

  private static var folder: URL? {
    #if SWIFT_PACKAGE
      return Bundle.module.url(forResource: "Assets", withExtension: nil)
    #else
      return Bundle(for: SineModel.self)
        .url(forResource: "SineAssets", withExtension: "bundle")
    #endif
  }
}
