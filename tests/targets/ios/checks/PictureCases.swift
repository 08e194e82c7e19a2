// Goes beside the generated tests of a package that takes pictures; MODULE and TYPE stand for its names.
import Foundation

@testable import MODULE

/// Linux has no ImageIO: the pixels that Pillow decoded lie beside the PNG.
func goldenCases(in folder: URL) throws -> GoldenCases {
  var cases = try GoldenCases(folder: folder)
  cases.decode = { try read($0.deletingPathExtension().appendingPathExtension("rgb")) }
  return cases
}

/// Width and height as little-endian Int32, then the pixels.
func read(_ file: URL) throws -> TYPE.RGBImage {
  let bytes = [UInt8](try Data(contentsOf: file))
  let sizes = [0, 4].map { start in (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) } }
  return try TYPE.RGBImage(width: sizes[0], height: sizes[1], pixels: Array(bytes[8...]))
}
