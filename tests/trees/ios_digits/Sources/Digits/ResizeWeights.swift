/// The weights of a bilinear, antialiased resize along an axis.
///
/// They are those of Pillow's `Image.resize(size, BILINEAR)`, in units of 1 / 2^22, so that the pixels
/// are Pillow's bit for bit, which no resize of the system's are; so the golden cases hold for the
/// input tensor too.
///
/// Where a picture shrinks, a pixel of the output is made of all that it covers, with weights that
/// rise towards its center and fall behind it: a pixel of the picture takes part in two. Those before
/// `places[0]` rise towards the first one; those from `places[k - 1]` on fall from k - 1, and rise
/// towards k; the last ones fall. `weights` has for each what it falls by in the low half, and what it
/// rises by in the high one.
///
/// Where it grows, pixel k of the output lies between `places[2 * k]` and `places[2 * k + 1]`, whose
/// weights are in the halves of `weights[k]`.
final class ResizeWeights {
  /// What a sum of pixels times weights begins with, so that it is rounded.
  static let half: UInt32 = 1 << 21

  private(set) var inSize = 0
  private(set) var outSize = 0
  private var isMirrored = false
  private let weightMemory = Scratch<UInt64>()
  private let placeMemory = Scratch<Int>()

  var isShrinking: Bool { inSize > outSize }
  var weights: UnsafePointer<UInt64> { UnsafePointer(weightMemory.room(max(inSize, outSize))) }
  var places: UnsafePointer<Int> { UnsafePointer(placeMemory.room(2 * outSize + 1)) }

  /// Computes the weights, where the last axis was another one.
  func set(_ axis: Axis) {
    guard (axis.inSize, axis.outSize, axis.isMirrored) != (inSize, outSize, isMirrored) else {
      return
    }
    (inSize, outSize, isMirrored) = (axis.inSize, axis.outSize, axis.isMirrored)
    let weights = weightMemory.room(max(inSize, outSize))
    let places = placeMemory.room(2 * outSize + 1)
    if isShrinking { shrink(weights, places) } else { enlarge(weights, places) }
  }

  private func shrink(
    _ weights: UnsafeMutablePointer<UInt64>, _ places: UnsafeMutablePointer<Int>
  ) {
    weights.initialize(repeating: 0, count: inSize)
    for index in 0..<outSize {
      let filter = Filter(index, from: inSize, to: outSize)
      for pixel in filter.pixels {
        let isRising = (Double(pixel) + 0.5 < filter.center) != isMirrored
        let weight = UInt64(filter.weight(of: pixel))
        weights[isMirrored ? inSize - 1 - pixel : pixel] |= isRising ? weight << 32 : weight
      }
      let before = Int((filter.center - 0.5).rounded(.up))
      places[isMirrored ? outSize - 1 - index : index] = isMirrored ? inSize - before : before
    }
    places[outSize] = inSize
  }

  private func enlarge(
    _ weights: UnsafeMutablePointer<UInt64>, _ places: UnsafeMutablePointer<Int>
  ) {
    for index in 0..<outSize {
      let filter = Filter(index, from: inSize, to: outSize)
      var (low, high) = (filter.pixels.lowerBound, filter.pixels.upperBound - 1)
      // Rounding may count three pixels, of which one weighs nothing.
      if high - low == 2 {
        if filter.weight(of: low) == 0 { low += 1 } else { high -= 1 }
      }
      let lowWeight = UInt64(filter.weight(of: low))
      // At the edges there is one pixel, which is taken once.
      let highWeight = high == low ? 0 : UInt64(filter.weight(of: high))
      let place = isMirrored ? outSize - 1 - index : index
      places[2 * place] = isMirrored ? inSize - 1 - high : low
      places[2 * place + 1] = isMirrored ? inSize - 1 - low : high
      weights[place] = isMirrored ? highWeight | lowWeight << 32 : lowWeight | highWeight << 32
    }
  }

  /// The pixels that make up one of the output, as Pillow's Resample.c weighs them.
  private struct Filter {
    let center: Double
    let pixels: Range<Int>
    private let support: Double
    private var sum = 0.0

    init(_ index: Int, from size: Int, to newSize: Int) {
      let scale = Double(size) / Double(newSize)
      // A triangle as wide as two pixels of the coarser side.
      support = max(scale, 1)
      center = (Double(index) + 0.5) * scale
      pixels = max(0, Int(center - support + 0.5))..<min(size, Int(center + support + 0.5))
      for pixel in pixels { sum += triangle(pixel) }
    }

    func weight(of pixel: Int) -> UInt32 {
      UInt32(0.5 + triangle(pixel) / sum * Double(1 << 22))
    }

    private func triangle(_ pixel: Int) -> Double {
      max(0, 1 - abs((Double(pixel) - center + 0.5) * (1 / support)))
    }
  }
}

extension ResizeWeights {
  /// The pixel for a sum that began with `half`. Rounded weights may add up to a little more than 1.
  @inline(__always)
  static func pixel(_ sum: UInt32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(sum >> 22, 255))
  }

  /// Resizes one channel of a row, whose pixels are `step` bytes apart.
  func resize(
    _ row: UnsafePointer<UInt8>, step: Int, into line: UnsafeMutablePointer<UInt8>
  ) {
    if isShrinking {
      shrink(row, step: step, into: line)
    } else {
      let (weights, places) = (weights, places)
      for index in 0..<outSize {
        let low = UInt32(row[places[2 * index] &* step])
        let high = UInt32(row[places[2 * index &+ 1] &* step])
        let weight = weights[index]
        line[index] = Self.pixel(
          Self.half &+ low &* UInt32(truncatingIfNeeded: weight)
            &+ high &* UInt32(truncatingIfNeeded: weight >> 32))
      }
    }
  }

  private func shrink(
    _ row: UnsafePointer<UInt8>, step: Int, into line: UnsafeMutablePointer<UInt8>
  ) {
    let (weights, places) = (weights, places)
    // Two sums, each in a half, which one multiplication serves.
    var sums = UInt64(Self.half) << 32
    var (pixel, place) = (0, row)
    for index in 0...outSize {
      let end = places[index]
      while pixel < end {
        sums &+= UInt64(place.pointee) &* weights[pixel]
        place += step
        pixel &+= 1
      }
      if index > 0 { line[index &- 1] = Self.pixel(UInt32(truncatingIfNeeded: sums)) }
      sums = sums >> 32 | UInt64(Self.half) << 32
    }
  }
}
