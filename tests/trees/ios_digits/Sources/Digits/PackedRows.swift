/// The rows of a picture whose pixels have all their colors in one place.
struct PackedRows {
  /// The first byte of the first pixel.
  let start: UnsafePointer<UInt8>
  let bytesPerRow: Int
  let bytesPerPixel: Int
  /// Which of its bytes has which color.
  let red: Int
  let green: Int
  let blue: Int
}

extension PackedRows {
  init(_ frame: DigitsClassifier.PixelFrame) {
    start = frame.plane.start
    bytesPerRow = frame.plane.bytesPerRow
    bytesPerPixel = frame.plane.bytesPerPixel
    switch frame.format {
    case .bgra: (red, green, blue) = (2, 1, 0)
    case .rgba: (red, green, blue) = (0, 1, 2)
    case .argb: (red, green, blue) = (1, 2, 3)
    }
  }

  @inline(__always)
  private func pixel(_ row: Int, _ column: Int) -> UnsafePointer<UInt8> {
    start + (row &* bytesPerRow &+ column &* bytesPerPixel)
  }

  /// The brightness of a pixel, weighted as ITU-R 601 does, rounded as Pillow's convert("L").
  @inline(__always)
  private func luma(_ pixel: UnsafePointer<UInt8>) -> UInt8 {
    let (red, green, blue) = (UInt32(pixel[red]), UInt32(pixel[green]), UInt32(pixel[blue]))
    return UInt8(
      truncatingIfNeeded: (19595 &* red &+ 38470 &* green &+ 7471 &* blue &+ 0x8000) >> 16)
  }
}

extension PackedRows: PixelRows {
  func layout(_ count: Int) -> RowLayout { .planar(count) }

  func row(
    _ row: Int, from column: Int, count: Int, scratch: UnsafeMutablePointer<UInt8>
  ) -> UnsafePointer<UInt8> {
    var place = pixel(row, column)
    for index in 0..<count {
      scratch[index] = luma(place)
      place += bytesPerPixel
    }
    return UnsafePointer(scratch)
  }
}
