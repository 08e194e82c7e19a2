// Apple's CoreGraphics as far as the generated code uses it, for the compiler on Linux; a picture holds its bytes, and
// drawing one copies them, so that code that draws one can run.
@_exported import struct Foundation.CGFloat
@_exported import struct Foundation.CGPoint
@_exported import struct Foundation.CGRect
@_exported import struct Foundation.CGSize
@_exported import struct Foundation.Data

public enum CGColorSpaceModel { case unknown, monochrome, rgb, cmyk }

public final class CGColorSpace {
  public static let sRGB = "kCGColorSpaceSRGB"
  public let model: CGColorSpaceModel
  public init?(name: String) { model = .rgb }
  public init(model: CGColorSpaceModel) { self.model = model }
}

public final class CGImage {
  public let width: Int
  public let height: Int
  public let colorSpace: CGColorSpace?
  /// One a pixel where the color space is monochrome, else red, green, blue and alpha, which is 0 or 255.
  let bytes: [UInt8]

  public init(width: Int, height: Int, colorSpace: CGColorSpace?, bytes: [UInt8]) {
    self.width = width
    self.height = height
    self.colorSpace = colorSpace
    self.bytes = bytes
  }
}

public enum CGImageAlphaInfo: UInt32 {
  case none, premultipliedLast, premultipliedFirst, last, first, noneSkipLast, noneSkipFirst
  case alphaOnly
}

public enum CGInterpolationQuality { case `default`, none, low, medium, high }

public final class CGContext {
  private let data: UnsafeMutableRawPointer
  private let bytesPerRow: Int
  private let bytesPerPixel: Int
  public var interpolationQuality = CGInterpolationQuality.default

  public init?(
    data: UnsafeMutableRawPointer?, width: Int, height: Int, bitsPerComponent: Int,
    bytesPerRow: Int, space: CGColorSpace, bitmapInfo: UInt32
  ) {
    // Those that bitmaps are drawn in.
    switch (space.model, CGImageAlphaInfo(rawValue: bitmapInfo)) {
    case (.monochrome, .some(.none)): bytesPerPixel = 1
    case (.rgb, .some(.noneSkipLast)): bytesPerPixel = 4
    default: return nil
    }
    guard let data, bitsPerComponent == 8, bytesPerRow >= width * bytesPerPixel else { return nil }
    self.data = data
    self.bytesPerRow = bytesPerRow
  }

  /// Draws what is opaque over what is there.
  public func draw(_ image: CGImage, in rect: CGRect, byTiling: Bool = false) {
    let from = image.bytes.count / image.width / image.height
    for row in 0..<image.height {
      for column in 0..<image.width {
        let pixel = (row * image.width + column) * from
        guard from == 1 || image.bytes[pixel + 3] == 255 else { continue }
        for byte in 0..<bytesPerPixel {
          data.storeBytes(
            of: image.bytes[pixel + (from == 1 ? 0 : byte)],
            toByteOffset: row * bytesPerRow + column * bytesPerPixel + byte, as: UInt8.self)
        }
      }
    }
  }
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
