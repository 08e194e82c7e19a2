/// Where a picture lies in the model's input, of 28 x 28 pixels.
struct Placement {
  static let inputWidth = 28
  static let inputHeight = 28

  /// The part of the upright picture that is taken for the picture.
  let region: DigitsClassifier.Region
  /// The part of the region that the model sees.
  let box: DigitsClassifier.Region
  /// Where in the input that part is, resized.
  let fitted: DigitsClassifier.Region
}

extension Placement {
  /// The whole picture fills the input, whatever its aspect ratio.
  init(of region: DigitsClassifier.Region) {
    self.region = region
    box = .init(x: 0, y: 0, width: region.width, height: region.height)
    fitted = .init(x: 0, y: 0, width: Self.inputWidth, height: Self.inputHeight)
  }
}
