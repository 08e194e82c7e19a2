extension DigitsClassifier {
  /// How a camera was held, by the numbers of EXIF: the way a stored picture has to be turned.
  ///
  /// The names are those of `UIImage.Orientation` and `CGImagePropertyOrientation`.
  public enum Orientation: Int, Sendable {
    case up = 1
    case upMirrored
    case down
    case downMirrored
    case leftMirrored
    case right
    case rightMirrored
    case left
  }
}

extension DigitsClassifier.Orientation {
  /// Whether the rows in memory are columns of the upright picture.
  var isTransposed: Bool { rawValue >= Self.leftMirrored.rawValue }

  /// Whether a row in memory runs against the upright picture.
  var mirrorsRows: Bool {
    switch self {
    case .upMirrored, .down, .rightMirrored, .left: return true
    case .up, .downMirrored, .leftMirrored, .right: return false
    }
  }

  /// Whether a column in memory runs against the upright picture.
  var mirrorsColumns: Bool {
    switch self {
    case .down, .downMirrored, .right, .rightMirrored: return true
    case .up, .upMirrored, .leftMirrored, .left: return false
    }
  }
}
