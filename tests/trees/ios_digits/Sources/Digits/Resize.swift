// The resize that the model's input was prepared with: bilinear and antialiased, on 8-bit pixels, in
// fixed point. It gives what Pillow's Image.resize(size, BILINEAR) gives, bit for bit, which no
// resize of the system does; so the golden cases hold for the input tensor too.

extension Raster {
  /// The picture in another size. The order shows, because the pixels are rounded in between; this
  /// is Pillow's since version 13.
  func resized(width: Int, height: Int) -> Raster {
    if self.height - height > 2 * max(self.width - width, 0) {
      return resizedColumns(to: height).resizedRows(to: width)
    }
    return resizedRows(to: width).resizedColumns(to: height)
  }

  private func resizedRows(to newWidth: Int) -> Raster {
    guard newWidth != width else { return self }
    let filters = Filter.filters(from: width, to: newWidth)
    let channels = Self.channels
    let resized = [UInt8](unsafeUninitializedCapacity: newWidth * height * channels) {
      output, count in
      bytes.withUnsafeBufferPointer { input in
        for row in 0..<height {
          for filter in filters {
            let start = (row * width + filter.start) * channels
            for channel in 0..<channels {
              output[count] = filter.apply(to: input, from: start + channel, step: channels)
              count += 1
            }
          }
        }
      }
    }
    return Raster(width: newWidth, height: height, bytes: resized)
  }

  private func resizedColumns(to newHeight: Int) -> Raster {
    guard newHeight != height else { return self }
    let rowCount = width * Self.channels
    let resized = [UInt8](unsafeUninitializedCapacity: rowCount * newHeight) { output, count in
      bytes.withUnsafeBufferPointer { input in
        for filter in Filter.filters(from: height, to: newHeight) {
          let start = filter.start * rowCount
          for column in 0..<rowCount {
            output[count] = filter.apply(to: input, from: start + column, step: rowCount)
            count += 1
          }
        }
      }
    }
    return Raster(width: width, height: newHeight, bytes: resized)
  }
}

/// The pixels of a row or column that make up one pixel of the resized one, and their weights.
private struct Filter {
  /// Weights are in units of 1 / 2^22: 255 times their sum stays within 32 bits.
  static let precisionBits: Int32 = 22

  let start: Int
  let weights: [Int32]

  /// One filter for each pixel of a row or column of `newSize` made from one of `size`.
  static func filters(from size: Int, to newSize: Int) -> [Filter] {
    let scale = Double(size) / Double(newSize)
    // A triangle as wide as two pixels of the coarser side: interpolates upwards, averages downwards.
    let support = max(scale, 1)
    return (0..<newSize).map { index in
      let center = (Double(index) + 0.5) * scale
      let start = max(0, Int(center - support + 0.5))
      let end = min(size, Int(center + support + 0.5))
      let reals = (0..<end - start).map { offset in
        max(0, 1 - abs((Double(offset + start) - center + 0.5) * (1 / support)))
      }
      let sum = reals.reduce(0, +)
      return Filter(
        start: start,
        weights: reals.map { Int32(0.5 + $0 / sum * Double(1 << precisionBits)) })
    }
  }

  /// The weighted mean of the bytes at `first`, `first + step`…, rounded.
  @inline(__always)
  func apply(to bytes: UnsafeBufferPointer<UInt8>, from first: Int, step: Int) -> UInt8 {
    var sum: Int32 = 1 << (Self.precisionBits - 1)
    var position = first
    for weight in weights {
      sum += weight * Int32(bytes[position])
      position += step
    }
    // Rounded weights may add up to a little more than 1.
    return UInt8(min(sum >> Self.precisionBits, 255))
  }
}
