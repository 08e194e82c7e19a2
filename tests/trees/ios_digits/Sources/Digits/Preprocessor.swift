import Foundation

/// Makes the model's input of pictures: [1, 28, 28, 1] of Int8.
final class Preprocessor {
  /// What each value of a pixel is in the input: 256 for each channel.
  private let table: [Int8]

  init() throws {
    let data = try Assets.data("input_table.bin")
    guard data.count == 256 * MemoryLayout<Int8>.size else {
      throw DigitsError.resource("input_table.bin")
    }
    table = data.withUnsafeBytes { bytes in
      (0..<256).map {
        bytes.loadUnaligned(
          fromByteOffset: $0 * MemoryLayout<Int8>.size, as: Int8.self)
      }
    }
  }

  /// Writes a picture into `input`, the memory of the model's input.
  func prepare(
    _ image: DigitsClassifier.RGBImage,
    orientation: DigitsClassifier.Orientation,
    region: DigitsClassifier.Region?, into input: UnsafeMutableRawBufferPointer
  ) throws {
    let upright = image.upright(from: orientation)
    let picture = try region.map { try upright.cropped(to: $0) } ?? upright
    let placement = Placement(
      of: region ?? .init(x: 0, y: 0, width: picture.width, height: picture.height))
    write(fitted(Raster(picture), placement), into: input.bindMemory(to: Int8.self))
  }

  private func fitted(_ picture: Raster, _ placement: Placement) -> Raster {
    picture.resized(width: placement.fitted.width, height: placement.fitted.height)
  }

  private func write(_ pixels: Raster, into items: UnsafeMutableBufferPointer<Int8>) {
    for (index, pixel) in pixels.bytes.enumerated() { items[index] = table[Int(pixel)] }
  }
}
