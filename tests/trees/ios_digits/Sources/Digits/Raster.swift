/// 8-bit pixels, row by row from the top left.
struct Raster {
  static let channels = 1

  let width: Int
  let height: Int
  let bytes: [UInt8]
}

extension Raster {
  /// The brightness of each pixel, weighted as ITU-R 601 does, rounded as Pillow's convert("L").
  init(_ image: DigitsClassifier.RGBImage) {
    width = image.width
    height = image.height
    let count = width * height
    bytes = [UInt8](unsafeUninitializedCapacity: count) { gray, initializedCount in
      image.pixels.withUnsafeBufferPointer { rgb in
        for pixel in 0..<count {
          let red = 19595 * Int(rgb[3 * pixel])
          let green = 38470 * Int(rgb[3 * pixel + 1])
          let blue = 7471 * Int(rgb[3 * pixel + 2])
          gray[pixel] = UInt8((red + green + blue + 0x8000) >> 16)
        }
      }
      initializedCount = count
    }
  }
}
