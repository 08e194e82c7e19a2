extension DigitsClassifier {
  /// A camera's frame in planes, YUV 4:2:0 by the constants of BT.601, in memory of someone else, of
  /// which nothing is copied.
  ///
  /// The memory has to stay as it is while the frame is in use: make the frame where the memory is
  /// lent, as in `bytes.withUnsafeBytes`, and keep it no longer.
  public struct YUVFrame {
    /// What of 8 bits the planes use.
    public enum Range: Sendable {
      /// All, as 420f and JPEG do.
      case full
      /// 16 to 235 for `y`, and 16 to 240 for `u` and `v`, as 420v and television do.
      case video
    }

    public let width: Int
    public let height: Int
    let y: Plane
    let u: Plane
    let v: Plane
    let range: Range

    /// A frame of two planes, as iPhones give it: 420f and 420v.
    ///
    /// A plane may end with its last pixel; in that of the colors there are (width + 1) / 2 by
    /// (height + 1) / 2 of them.
    ///
    /// - Parameters:
    ///   - width: in pixels.
    ///   - height: in pixels.
    ///   - y: the brightness of each pixel.
    ///   - yBytesPerRow: bytes from a row of `y` to the next.
    ///   - uv: the colors, U (or Cb) and V (or Cr) in turns.
    ///   - uvBytesPerRow: bytes from a row of `uv` to the next.
    ///   - range: what of 8 bits the planes use.
    /// - Throws: ``DigitsError/input(_:)`` where the pixels do not fit a plane.
    public init(
      width: Int, height: Int, y: UnsafeRawBufferPointer, yBytesPerRow: Int,
      uv: UnsafeRawBufferPointer, uvBytesPerRow: Int, range: Range
    ) throws {
      try self.init(
        width: width, height: height, y: y, yBytesPerRow: yBytesPerRow,
        u: uv, v: UnsafeRawBufferPointer(rebasing: uv.dropFirst()), uvBytesPerRow: uvBytesPerRow,
        uvBytesPerPixel: 2, range: range)
    }

    /// A frame of three planes, or of two that are given as three.
    ///
    /// - Parameters:
    ///   - width: in pixels.
    ///   - height: in pixels.
    ///   - y: the brightness of each pixel.
    ///   - yBytesPerRow: bytes from a row of `y` to the next.
    ///   - u: the colors U, or Cb.
    ///   - v: the colors V, or Cr.
    ///   - uvBytesPerRow: bytes from a row of `u` and of `v` to the next.
    ///   - uvBytesPerPixel: bytes from a pixel of `u` and of `v` to the next: 1 in I420.
    ///   - range: what of 8 bits the planes use.
    /// - Throws: ``DigitsError/input(_:)`` where the pixels do not fit a plane.
    public init(
      width: Int, height: Int, y: UnsafeRawBufferPointer, yBytesPerRow: Int,
      u: UnsafeRawBufferPointer, v: UnsafeRawBufferPointer, uvBytesPerRow: Int,
      uvBytesPerPixel: Int, range: Range
    ) throws {
      self.width = width
      self.height = height
      self.range = range
      self.y = Plane(bytes: y, bytesPerRow: yBytesPerRow, bytesPerPixel: 1)
      self.u = Plane(bytes: u, bytesPerRow: uvBytesPerRow, bytesPerPixel: uvBytesPerPixel)
      self.v = Plane(bytes: v, bytesPerRow: uvBytesPerRow, bytesPerPixel: uvBytesPerPixel)
      try self.y.check("plane y", width: width, height: height, pixelBytes: 1)
      let (columns, rows) = (width / 2 + width % 2, height / 2 + height % 2)
      try self.u.check("plane u", width: columns, height: rows, pixelBytes: 1)
      try self.v.check("plane v", width: columns, height: rows, pixelBytes: 1)
    }
  }
}
