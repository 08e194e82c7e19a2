/// How the integers of a tensor stand for real numbers: `real = scale * (integer - zeroPoint)`.
struct Quantization {
  let scale: Float
  let zeroPoint: Int

  /// Rounds half away from zero and clamps to what `Item` holds; refuses NaN.
  func quantize<Item: FixedWidthInteger>(_ real: [Float], as type: Item.Type) throws -> [Item] {
    try real.map { value in
      guard !value.isNaN else { throw SineError.input("an input holds NaN") }
      let integer = (Double(value) / Double(scale)).rounded() + Double(zeroPoint)
      if integer <= Double(Item.min) { return Item.min }
      if integer >= Double(Item.max) { return Item.max }
      return Item(integer)
    }
  }

  func dequantize<Item: FixedWidthInteger>(_ integers: [Item]) -> [Float] {
    integers.map { (Float($0) - Float(zeroPoint)) * scale }
  }
}
