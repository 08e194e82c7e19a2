/// How the pixels of a row lie: `count` bytes, of a pixel `step` bytes from the one of the next.
struct RowLayout {
  let count: Int
  let step: Int
}

extension RowLayout {
  /// Gray pixels.
  static func planar(_ pixels: Int) -> RowLayout {
    RowLayout(count: pixels, step: 1)
  }
}

/// A picture that is read row by row as it lies in memory.
protocol PixelRows {
  /// How `count` pixels of a row lie.
  func layout(_ count: Int) -> RowLayout

  /// `count` pixels of a row, from `column` on: where they lie, or in `scratch`, which has room.
  mutating func row(
    _ row: Int, from column: Int, count: Int, scratch: UnsafeMutablePointer<UInt8>
  ) -> UnsafePointer<UInt8>
}
