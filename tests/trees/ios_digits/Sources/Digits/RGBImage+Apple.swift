// Pictures as Apple's frameworks hold them. Each adapter copies the bytes once; everything after
// that is the same on every platform.

#if canImport(CoreGraphics)
  import CoreGraphics

  extension DigitsClassifier.RGBImage {
    /// The pixels of a picture as its file holds them.
    ///
    /// It is drawn in its own color space, because models are trained on pixels whose color profile
    /// nobody applied. Transparent parts become black.
    public init(cgImage: CGImage) throws {
      let space = cgImage.colorSpace
      let pixels: [UInt8]
      if let space, space.model == .monochrome,
        let gray = Self.draw(cgImage, in: space, alpha: .none, bytesPerPixel: 1)
      {
        pixels = gray.flatMap { [$0, $0, $0] }
      } else {
        let own = space.flatMap { $0.model == .rgb ? $0 : nil }
        let spaces = [own, CGColorSpace(name: CGColorSpace.sRGB)].compactMap { $0 }
        let drawn = spaces.lazy
          .compactMap { Self.draw(cgImage, in: $0, alpha: .noneSkipLast, bytesPerPixel: 4) }.first
        guard let drawn else { throw DigitsError.input("the picture cannot be drawn") }
        pixels = stride(from: 0, to: drawn.count, by: 4).flatMap { drawn[$0..<$0 + 3] }
      }
      try self.init(width: cgImage.width, height: cgImage.height, pixels: pixels)
    }

    private static func draw(
      _ image: CGImage, in space: CGColorSpace, alpha: CGImageAlphaInfo, bytesPerPixel: Int
    ) -> [UInt8]? {
      var bytes = [UInt8](repeating: 0, count: image.width * image.height * bytesPerPixel)
      let drawn = bytes.withUnsafeMutableBytes { buffer in
        guard
          let context = CGContext(
            data: buffer.baseAddress, width: image.width, height: image.height, bitsPerComponent: 8,
            bytesPerRow: image.width * bytesPerPixel, space: space, bitmapInfo: alpha.rawValue)
        else { return false }
        context.interpolationQuality = .none
        context.draw(image, in: CGRect(x: 0, y: 0, width: image.width, height: image.height))
        return true
      }
      return drawn ? bytes : nil
    }
  }
#endif

#if canImport(CoreVideo)
  import CoreVideo

  extension DigitsClassifier.RGBImage {
    /// The pixels of a camera frame.
    public init(pixelBuffer: CVPixelBuffer) throws {
      let red: Int
      let green: Int
      let blue: Int
      switch CVPixelBufferGetPixelFormatType(pixelBuffer) {
      case kCVPixelFormatType_32BGRA: (red, green, blue) = (2, 1, 0)
      case kCVPixelFormatType_32RGBA: (red, green, blue) = (0, 1, 2)
      case kCVPixelFormatType_32ARGB: (red, green, blue) = (1, 2, 3)
      default:
        throw DigitsError.input(
          "a pixel buffer has to be 32BGRA, 32RGBA or 32ARGB: ask the camera for one by "
            + "kCVPixelBufferPixelFormatTypeKey in AVCaptureVideoDataOutput.videoSettings")
      }
      CVPixelBufferLockBaseAddress(pixelBuffer, .readOnly)
      defer { CVPixelBufferUnlockBaseAddress(pixelBuffer, .readOnly) }
      guard let base = CVPixelBufferGetBaseAddress(pixelBuffer) else {
        throw DigitsError.input("the pixel buffer has no pixels in memory")
      }
      let width = CVPixelBufferGetWidth(pixelBuffer)
      let height = CVPixelBufferGetHeight(pixelBuffer)
      // Rows are padded to what the camera's hardware likes.
      let bytesPerRow = CVPixelBufferGetBytesPerRow(pixelBuffer)
      var pixels: [UInt8] = []
      pixels.reserveCapacity(width * height * 3)
      for row in 0..<height {
        let bytes = UnsafeRawBufferPointer(start: base + row * bytesPerRow, count: width * 4)
        for pixel in stride(from: 0, to: width * 4, by: 4) {
          pixels.append(bytes[pixel + red])
          pixels.append(bytes[pixel + green])
          pixels.append(bytes[pixel + blue])
        }
      }
      try self.init(width: width, height: height, pixels: pixels)
    }
  }
#endif

#if canImport(UIKit)
  import UIKit

  extension DigitsClassifier.RGBImage {
    /// The pixels of a picture as it is shown, its orientation applied.
    public init(uiImage: UIImage) throws {
      guard let cgImage = uiImage.cgImage else {
        throw DigitsError.input("the UIImage holds no CGImage: render its CIImage first")
      }
      self = try Self(cgImage: cgImage).upright(from: .init(uiImage.imageOrientation))
    }
  }

  extension DigitsClassifier.Orientation {
    public init(_ orientation: UIImage.Orientation) {
      switch orientation {
      case .up: self = .up
      case .upMirrored: self = .upMirrored
      case .down: self = .down
      case .downMirrored: self = .downMirrored
      case .leftMirrored: self = .leftMirrored
      case .right: self = .right
      case .rightMirrored: self = .rightMirrored
      case .left: self = .left
      @unknown default: self = .up
      }
    }
  }
#endif
