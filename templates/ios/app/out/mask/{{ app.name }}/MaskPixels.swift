/// A mask in the colours of its classes, as RGBA with premultiplied alpha.
struct MaskPixels: Equatable {
  private static let opacity = 0.55
  // It is drawn over a picture that is scaled anyway.
  private static let mostPixelsASide = 256

  let width: Int
  let height: Int
  let bytes: [UInt8]

  /// Of a mask of `width` x `height` class numbers, row by row. What is of none of the `classes` is
  /// left transparent. A large mask becomes smaller by a whole factor.
  init(_ mask: [UInt8], width: Int, height: Int, classes: [Int]) {
    var palette = [[UInt8]](repeating: [0, 0, 0, 0], count: 256)
    for index in classes where palette.indices.contains(index) {
      let color = ClassColor(index)
      palette[index] = [color.red, color.green, color.blue, 1].map {
        UInt8(($0 * Self.opacity * 255).rounded())
      }
    }
    let step = (max(width, height) + Self.mostPixelsASide - 1) / Self.mostPixelsASide
    self.width = width / step
    self.height = height / step
    var bytes: [UInt8] = []
    bytes.reserveCapacity(self.width * self.height * 4)
    for y in 0..<self.height {
      for x in 0..<self.width {
        bytes += palette[Int(mask[y * step * width + x * step])]
      }
    }
    self.bytes = bytes
  }
}
