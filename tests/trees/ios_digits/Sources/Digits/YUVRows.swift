/// The rows of a frame in planes, of which the brightness counts.
struct YUVRows {
  let frame: DigitsClassifier.YUVFrame

  init(_ frame: DigitsClassifier.YUVFrame) {
    self.frame = frame
  }

  /// Of the range of video to that of 8 bits: the constant of BT.601 with 16 bits behind the point.
  @inline(__always)
  private static func full(_ video: UInt8) -> UInt8 {
    let luma = (76309 &* (Int32(video) &- 16) &+ 0x8000) >> 16
    return UInt8(truncatingIfNeeded: min(max(luma, 0), 255))
  }
}

extension YUVRows: PixelRows {
  func layout(_ count: Int) -> RowLayout { .planar(count) }

  func row(
    _ row: Int, from column: Int, count: Int, scratch: UnsafeMutablePointer<UInt8>
  ) -> UnsafePointer<UInt8> {
    let luma = frame.y.start + (row &* frame.y.bytesPerRow &+ column)
    guard frame.range == .video else { return luma }
    for index in 0..<count { scratch[index] = Self.full(luma[index]) }
    return UnsafePointer(scratch)
  }
}
