// Apple's UIKit as far as the generated code uses it, for the compiler on Linux.
@_exported import CoreGraphics
import Foundation
@_exported import QuartzCore

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

// https://developer.apple.com/documentation/uikit/uiview
@MainActor open class UIResponder: NSObject {}

@MainActor open class UIView: UIResponder {
  open class var layerClass: AnyClass { fatalError() }
  public init(frame: CGRect) { fatalError() }
  public required init?(coder: NSCoder) { fatalError() }
  open var layer: CALayer { fatalError() }
  open var window: UIWindow? { fatalError() }
  open func layoutSubviews() { fatalError() }
}

@MainActor open class UIWindow: UIView {
  open var windowScene: UIWindowScene? { fatalError() }
}

// https://developer.apple.com/documentation/uikit/uiwindowscene/interfaceorientation
public enum UIInterfaceOrientation: Int, Sendable {
  case unknown, portrait, portraitUpsideDown, landscapeRight, landscapeLeft
}

@MainActor open class UIWindowScene: UIResponder {
  open var interfaceOrientation: UIInterfaceOrientation { fatalError() }
}

// https://developer.apple.com/documentation/uikit/uidevice
@MainActor open class UIDevice: NSObject {
  public nonisolated static let orientationDidChangeNotification = Notification.Name("orientation")
}

// https://developer.apple.com/documentation/uikit/uiapplication
@MainActor open class UIApplication: UIResponder {
  public nonisolated static let openSettingsURLString = "app-settings:"
}

// https://developer.apple.com/documentation/uikit/uikeyboardtype
public enum UIKeyboardType: Int, Sendable { case `default`, numbersAndPunctuation }
