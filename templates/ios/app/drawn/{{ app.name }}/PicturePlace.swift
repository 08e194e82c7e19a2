import Foundation

/// An upright picture on the screen, of `width` x `height` pixels.
struct ShownPicture: Equatable, Sendable {
  let width: Int
  let height: Int
  /// Whether it fills its view, which cuts off what is beyond (`resizeAspectFill`), or is whole
  /// within it (`scaledToFit`).
  let isFilling: Bool
  /// As the preview of a front camera is.
  let isMirrored: Bool
}

/// Where in a view a picture lies: scaled by one factor, centre on centre. A side may be beyond the
/// view's; a mirrored picture lies there all the same.
struct PicturePlace {
  let frame: CGRect
  private let scale: CGFloat
  private let isMirrored: Bool

  init(of picture: ShownPicture, in size: CGSize) {
    let across = size.width / CGFloat(picture.width)
    let down = size.height / CGFloat(picture.height)
    scale = picture.isFilling ? max(across, down) : min(across, down)
    let (width, height) = (CGFloat(picture.width) * scale, CGFloat(picture.height) * scale)
    frame = CGRect(
      x: (size.width - width) / 2, y: (size.height - height) / 2, width: width, height: height)
    isMirrored = picture.isMirrored
  }

  /// A point of the picture, in the view.
  func point(_ x: Float, _ y: Float) -> CGPoint {
    let across = CGFloat(x) * scale
    return CGPoint(
      x: isMirrored ? frame.maxX - across : frame.minX + across,
      y: frame.minY + CGFloat(y) * scale)
  }

  /// A rectangle of the picture, in the view.
  func rect(left: Float, top: Float, right: Float, bottom: Float) -> CGRect {
    let (first, second) = (point(left, top), point(right, bottom))
    return CGRect(
      x: min(first.x, second.x), y: first.y, width: abs(second.x - first.x),
      height: second.y - first.y)
  }
}
