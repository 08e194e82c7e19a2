// Declarations of Apple's CoreGraphics as far as the generated code uses it, for the compiler on Linux.
@_exported import struct Foundation.CGFloat
@_exported import struct Foundation.CGPoint
@_exported import struct Foundation.CGRect
@_exported import struct Foundation.CGSize
@_exported import struct Foundation.Data

public enum CGColorSpaceModel { case unknown, monochrome, rgb, cmyk }

public final class CGColorSpace {
  public static let sRGB = "kCGColorSpaceSRGB"
  public init?(name: String) { fatalError() }
  public var model: CGColorSpaceModel { fatalError() }
}

public final class CGImage {
  public var width: Int { fatalError() }
  public var height: Int { fatalError() }
  public var colorSpace: CGColorSpace? { fatalError() }
}

public enum CGImageAlphaInfo: UInt32 {
  case none, premultipliedLast, premultipliedFirst, last, first, noneSkipLast, noneSkipFirst
  case alphaOnly
}

public enum CGInterpolationQuality { case `default`, none, low, medium, high }

public final class CGContext {
  public init?(
    data: UnsafeMutableRawPointer?, width: Int, height: Int, bitsPerComponent: Int,
    bytesPerRow: Int, space: CGColorSpace, bitmapInfo: UInt32
  ) { fatalError() }
  public var interpolationQuality: CGInterpolationQuality {
    get { fatalError() }
    set { fatalError() }
  }
  public func draw(_ image: CGImage, in rect: CGRect, byTiling: Bool = false) { fatalError() }
}

// https://developer.apple.com/documentation/coregraphics/cgimage
public typealias CFData = Data

public final class CGDataProvider {
  public init?(data: CFData) { fatalError() }
}

public enum CGColorRenderingIntent: Int32 { case defaultIntent }

public struct CGBitmapInfo: OptionSet {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
}

extension CGImage {
  public convenience init?(
    width: Int, height: Int, bitsPerComponent: Int, bitsPerPixel: Int, bytesPerRow: Int,
    space: CGColorSpace, bitmapInfo: CGBitmapInfo, provider: CGDataProvider,
    decode: UnsafePointer<CGFloat>?, shouldInterpolate: Bool, intent: CGColorRenderingIntent
  ) { fatalError() }
}
