/// How the integers of a tensor stand for real numbers: `real = scale * (integer - zeroPoint)`.
struct Quantization {
  let scale: Float
  let zeroPoint: Int

  func dequantize<Item: FixedWidthInteger>(_ integers: [Item]) -> [Float] {
    integers.map { (Float($0) - Float(zeroPoint)) * scale }
  }
}
