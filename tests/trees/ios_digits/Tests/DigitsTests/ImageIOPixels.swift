#if canImport(ImageIO)
  import Digits
  import Foundation
  import ImageIO

  /// Decodes the golden pictures as Apple's platforms do.
  struct ImageIOPixels: PixelSource {
    func pixels(of picture: URL) throws -> DigitsClassifier.RGBImage {
      guard let source = CGImageSourceCreateWithURL(picture as CFURL, nil),
        let image = CGImageSourceCreateImageAtIndex(source, 0, nil)
      else { throw CocoaError(.fileReadCorruptFile) }
      return try DigitsClassifier.RGBImage(cgImage: image)
    }
  }
#endif
