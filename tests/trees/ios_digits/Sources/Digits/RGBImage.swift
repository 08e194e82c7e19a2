extension DigitsClassifier {
  /// A picture as bytes: red, green and blue of each pixel, row by row from the top left.
  public struct RGBImage: Equatable, Sendable {
    public let width: Int
    public let height: Int
    public let pixels: [UInt8]

    public init(width: Int, height: Int, pixels: [UInt8]) throws {
      guard width > 0, height > 0, pixels.count == width * height * 3 else {
        throw DigitsError.input(
          "a picture of \(width) x \(height) has 3 bytes a pixel, not \(pixels.count) in all")
      }
      self.width = width
      self.height = height
      self.pixels = pixels
    }
  }

  /// How a camera was held, by the numbers of EXIF: the way a stored picture has to be turned.
  ///
  /// The names are those of `UIImage.Orientation` and `CGImagePropertyOrientation`.
  public enum Orientation: Int, Sendable {
    case up = 1
    case upMirrored
    case down
    case downMirrored
    case leftMirrored
    case right
    case rightMirrored
    case left
  }
}

extension DigitsClassifier.RGBImage {
  /// The picture as it is looked at, from one that is stored in `orientation`.
  public func upright(from orientation: DigitsClassifier.Orientation) -> Self {
    let (last, bottom) = (width - 1, height - 1)
    switch orientation {
    case .up: return self
    case .upMirrored: return mapped(width, height) { (last - $0, $1) }
    case .down: return mapped(width, height) { (last - $0, bottom - $1) }
    case .downMirrored: return mapped(width, height) { ($0, bottom - $1) }
    case .leftMirrored: return mapped(height, width) { ($1, $0) }
    case .right: return mapped(height, width) { ($1, bottom - $0) }
    case .rightMirrored: return mapped(height, width) { (last - $1, bottom - $0) }
    case .left: return mapped(height, width) { (last - $1, $0) }
    }
  }

  /// The pixels of `region`.
  func cropped(to region: DigitsClassifier.Region) throws -> Self {
    guard region.x >= 0, region.y >= 0, region.width > 0, region.height > 0,
      region.width <= width - region.x, region.height <= height - region.y
    else {
      throw DigitsError.input(
        "a region of \(region.width) x \(region.height) at \(region.x), \(region.y) does not lie in the "
          + "upright picture of \(width) x \(height)")
    }
    return mapped(region.width, region.height) { ($0 + region.x, $1 + region.y) }
  }

  /// A picture of another shape; `source` tells where its pixel (x, y) is in this one.
  private func mapped(
    _ newWidth: Int, _ newHeight: Int, source: (_ x: Int, _ y: Int) -> (x: Int, y: Int)
  ) -> Self {
    let turned = [UInt8](unsafeUninitializedCapacity: newWidth * newHeight * 3) { bytes, count in
      for y in 0..<newHeight {
        for x in 0..<newWidth {
          let from = source(x, y)
          let offset = (from.y * width + from.x) * 3
          bytes[count] = pixels[offset]
          bytes[count + 1] = pixels[offset + 1]
          bytes[count + 2] = pixels[offset + 2]
          count += 3
        }
      }
    }
    return Self(unchecked: turned, width: newWidth, height: newHeight)
  }

  private init(unchecked pixels: [UInt8], width: Int, height: Int) {
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}
