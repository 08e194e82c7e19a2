// Apple's UIKit as far as the generated code uses it, for the compiler on Linux.
@_exported import CoreGraphics

public final class UIImage {
  public enum Orientation: Int {
    case up, down, left, right, upMirrored, downMirrored, leftMirrored, rightMirrored
  }
  public let cgImage: CGImage?
  public let imageOrientation: Orientation

  public init(cgImage: CGImage?, orientation: Orientation) {
    self.cgImage = cgImage
    imageOrientation = orientation
  }
}
