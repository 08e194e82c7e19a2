#if canImport(ImageIO)
  import Foundation
  import ImageIO

  extension GoldenCases {
    static let decodesPictures = true

    /// The pixels of a PNG, as Apple's platforms decode it.
    static func decodePicture(_ file: URL) throws -> DigitsClassifier.RGBImage {
      guard let source = CGImageSourceCreateWithURL(file as CFURL, nil),
        let image = CGImageSourceCreateImageAtIndex(source, 0, nil)
      else { throw DigitsError.resource(file.lastPathComponent) }
      var pixels: [UInt8] = []
      try Canvas().draw(image) { rows in
        for row in 0..<image.height {
          for column in 0..<image.width {
            let pixel = rows.start + row * rows.bytesPerRow + column * rows.bytesPerPixel
            pixels += [pixel[rows.red], pixel[rows.green], pixel[rows.blue]]
          }
        }
      }
      return try .init(width: image.width, height: image.height, pixels: pixels)
    }
  }
#else
  import Foundation

  extension GoldenCases {
    static let decodesPictures = false

    /// Without ImageIO there is nothing that decodes a PNG.
    static func decodePicture(_ file: URL) throws -> DigitsClassifier.RGBImage {
      throw DigitsError.resource(file.lastPathComponent)
    }
  }
#endif

extension Session {
  /// Makes the input of a case's picture, and tells in what it is not the golden one.
  func feed(_ sample: GoldenCases.Case, of golden: GoldenCases) throws -> [String] {
    let picture = try golden.decode(golden.folder.appendingPathComponent(sample.picture))
    try preprocessor.prepare(picture, orientation: .up, region: nil, into: runner.input(0))
    return try golden.inputDifferences(of: runner, from: sample.inputs)
  }
}
