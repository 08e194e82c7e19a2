extension DigitsClassifier {
  /// A picture as bytes: red, green and blue of each pixel, row by row from the top left.
  public struct RGBImage: Equatable, Sendable {
    public let width: Int
    public let height: Int
    public let pixels: [UInt8]

    public init(width: Int, height: Int, pixels: [UInt8]) throws {
      // By division first: a product of numbers that cannot be meant may be beyond an Int.
      guard width > 0, height > 0, pixels.count / 3 / width == height,
        pixels.count == width * height * 3
      else {
        throw DigitsError.input(
          "a picture of \(width) x \(height) has 3 bytes a pixel, not \(pixels.count) in all")
      }
      self.width = width
      self.height = height
      self.pixels = pixels
    }
  }
}
