extension DigitsClassifier {
  /// A picture of 4 bytes a pixel in memory of someone else, of which nothing is copied.
  ///
  /// The memory has to stay as it is while the frame is in use: make the frame where the memory is
  /// lent, as in `bytes.withUnsafeBytes`, and keep it no longer.
  public struct PixelFrame {
    /// What the bytes of a pixel are, in their order; the alpha means nothing.
    public enum Format: Sendable {
      case bgra
      case rgba
      case argb
    }

    public let width: Int
    public let height: Int
    let plane: Plane
    let format: Format

    /// - Parameters:
    ///   - width: in pixels.
    ///   - height: in pixels.
    ///   - bytes: the rows, from the top; they may end with the last pixel.
    ///   - bytesPerRow: how far apart rows begin, which may be padded.
    ///   - format: what the bytes of a pixel are.
    /// - Throws: ``DigitsError/input(_:)`` where the pixels do not fit the bytes.
    public init(
      width: Int, height: Int, bytes: UnsafeRawBufferPointer, bytesPerRow: Int, format: Format
    ) throws {
      self.width = width
      self.height = height
      self.format = format
      plane = Plane(bytes: bytes, bytesPerRow: bytesPerRow, bytesPerPixel: 4)
      try plane.check("the frame", width: width, height: height, pixelBytes: 4)
    }
  }

  /// Pixels in memory, row by row.
  struct Plane {
    let bytes: UnsafeRawBufferPointer
    let bytesPerRow: Int
    let bytesPerPixel: Int

    var start: UnsafePointer<UInt8> {
      // There are bytes wherever the plane was checked.
      bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
    }

    /// Sees to it that the bytes hold so many pixels, each of `pixelBytes`; by divisions, because no
    /// product of numbers that cannot be meant fits an Int.
    func check(_ name: String, width: Int, height: Int, pixelBytes: Int) throws {
      guard width > 0, height > 0 else {
        throw DigitsError.input("\(name) of \(width) x \(height) has no pixels")
      }
      let count = bytes.count - pixelBytes
      if bytesPerPixel > 0, bytesPerRow > 0, count >= 0, count / bytesPerPixel >= width - 1 {
        let before = (width - 1) * bytesPerPixel
        if bytesPerRow >= before + pixelBytes, (count - before) / bytesPerRow >= height - 1 {
          return
        }
      }
      throw DigitsError.input(
        "\(name) of \(width) x \(height) does not fit \(bytes.count) bytes with \(bytesPerRow) a row "
          + "and \(bytesPerPixel) a pixel")
    }
  }
}
