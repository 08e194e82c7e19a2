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
  /// Of a region, or without one of all, of an upright picture.
  init(_ region: DigitsClassifier.Region?, ofWidth width: Int, height: Int) throws {
    let region = region ?? .init(x: 0, y: 0, width: width, height: height)
    guard region.x >= 0, region.y >= 0, region.width > 0, region.height > 0,
      region.width <= width - region.x, region.height <= height - region.y
    else {
      throw DigitsError.input(
        "a region of \(region.width) x \(region.height) at \(region.x), \(region.y) does not lie in the "
          + "upright picture of \(width) x \(height)")
    }
    self.init(of: region)
  }

  /// The part of the upright picture that the model sees.
  var boxInPicture: DigitsClassifier.Region {
    .init(x: region.x + box.x, y: region.y + box.y, width: box.width, height: box.height)
  }

  /// The whole picture fills the input, whatever its aspect ratio.
  init(of region: DigitsClassifier.Region) {
    self.region = region
    box = .init(x: 0, y: 0, width: region.width, height: region.height)
    fitted = .init(x: 0, y: 0, width: Self.inputWidth, height: Self.inputHeight)
  }
}
