// Pictures as Apple's frameworks hold them. Everything behind these adapters is the same on every
// platform.

#if canImport(CoreGraphics)
  import CoreGraphics

  /// Memory that pictures are drawn into.
  final class Canvas {
    /// What is kept from one picture to the next; that of a large photo is given back.
    private static let mostKept = 4096 * 4096
    private var memory = Scratch<UInt8>()

    /// The rows of a picture, for `body`, as its file holds them.
    ///
    /// It is drawn in its own color space, because models are trained on pixels whose color profile
    /// nobody applied. Transparent parts become black.
    func draw(_ image: CGImage, _ body: (PackedRows) throws -> Void) throws {
      defer {
        if image.width * image.height * 4 > Self.mostKept { memory = Scratch() }
      }
      let space = image.colorSpace
      if let space, space.model == .monochrome,
        let pixels = draw(image, in: space, alpha: .none, bytesPerPixel: 1)
      {
        return try body(
          PackedRows(
            start: pixels, bytesPerRow: image.width, bytesPerPixel: 1, red: 0, green: 0, blue: 0))
      }
      let own = space.flatMap { $0.model == .rgb ? $0 : nil }
      for space in [own, CGColorSpace(name: CGColorSpace.sRGB)] {
        if let space,
          let pixels = draw(image, in: space, alpha: .noneSkipLast, bytesPerPixel: 4)
        {
          return try body(
            PackedRows(
              start: pixels, bytesPerRow: image.width * 4, bytesPerPixel: 4, red: 0, green: 1,
              blue: 2))
        }
      }
      throw DigitsError.input("the picture cannot be drawn")
    }

    private func draw(
      _ image: CGImage, in space: CGColorSpace, alpha: CGImageAlphaInfo, bytesPerPixel: Int
    ) -> UnsafePointer<UInt8>? {
      let bytesPerRow = image.width * bytesPerPixel
      let pixels = memory.room(bytesPerRow * image.height)
      pixels.update(repeating: 0, count: bytesPerRow * image.height)
      guard
        let context = CGContext(
          data: pixels, width: image.width, height: image.height, bitsPerComponent: 8,
          bytesPerRow: bytesPerRow, space: space, bitmapInfo: alpha.rawValue)
      else { return nil }
      context.interpolationQuality = .none
      context.draw(image, in: CGRect(x: 0, y: 0, width: image.width, height: image.height))
      return UnsafePointer(pixels)
    }
  }

  extension Preprocessor {
    /// Writes a picture into `input`.
    func prepare(
      _ image: CGImage, orientation: DigitsClassifier.Orientation,
      region: DigitsClassifier.Region?, into input: UnsafeMutableRawBufferPointer
    ) throws {
      try canvas.draw(image) { rows in
        try prepare(
          rows, width: image.width, height: image.height, orientation: orientation, region: region,
          into: input)
      }
    }
  }
#endif

#if canImport(CoreVideo)
  import CoreVideo

  extension Preprocessor {
    /// Writes a camera's frame into `input`.
    func prepare(
      _ frame: CVPixelBuffer, orientation: DigitsClassifier.Orientation,
      region: DigitsClassifier.Region?, into input: UnsafeMutableRawBufferPointer
    ) throws {
      guard CVPixelBufferLockBaseAddress(frame, .readOnly) == kCVReturnSuccess else {
        throw DigitsError.input("the pixel buffer cannot be read")
      }
      defer { CVPixelBufferUnlockBaseAddress(frame, .readOnly) }
      func prepare(_ format: DigitsClassifier.PixelFrame.Format) throws {
        try self.prepare(
          .init(packed: frame, format: format), orientation: orientation, region: region,
          into: input)
      }
      func prepare(_ range: DigitsClassifier.YUVFrame.Range) throws {
        try self.prepare(
          .init(planar: frame, range: range), orientation: orientation, region: region, into: input)
      }
      switch CVPixelBufferGetPixelFormatType(frame) {
      case kCVPixelFormatType_32BGRA: try prepare(.bgra)
      case kCVPixelFormatType_32RGBA: try prepare(.rgba)
      case kCVPixelFormatType_32ARGB: try prepare(.argb)
      case kCVPixelFormatType_420YpCbCr8BiPlanarFullRange: try prepare(.full)
      case kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange: try prepare(.video)
      default:
        throw DigitsError.input(
          "a pixel buffer has to be 420f, 420v, 32BGRA, 32RGBA or 32ARGB: ask the camera for one by "
            + "kCVPixelBufferPixelFormatTypeKey in AVCaptureVideoDataOutput.videoSettings")
      }
    }
  }

  extension DigitsClassifier.PixelFrame {
    /// The pixels of a buffer that is locked.
    fileprivate init(packed buffer: CVPixelBuffer, format: Format) throws {
      let bytesPerRow = CVPixelBufferGetBytesPerRow(buffer)
      let height = CVPixelBufferGetHeight(buffer)
      try self.init(
        width: CVPixelBufferGetWidth(buffer), height: height,
        bytes: UnsafeRawBufferPointer(
          start: CVPixelBufferGetBaseAddress(buffer), count: bytesPerRow * height),
        bytesPerRow: bytesPerRow, format: format)
    }
  }

  extension DigitsClassifier.YUVFrame {
    /// The two planes of a buffer that is locked.
    fileprivate init(planar buffer: CVPixelBuffer, range: Range) throws {
      func plane(_ index: Int) -> (bytes: UnsafeRawBufferPointer, bytesPerRow: Int) {
        let bytesPerRow = CVPixelBufferGetBytesPerRowOfPlane(buffer, index)
        let bytes = UnsafeRawBufferPointer(
          start: CVPixelBufferGetBaseAddressOfPlane(buffer, index),
          count: bytesPerRow * CVPixelBufferGetHeightOfPlane(buffer, index))
        return (bytes, bytesPerRow)
      }
      let (y, uv) = (plane(0), plane(1))
      try self.init(
        width: CVPixelBufferGetWidth(buffer), height: CVPixelBufferGetHeight(buffer), y: y.bytes,
        yBytesPerRow: y.bytesPerRow, uv: uv.bytes, uvBytesPerRow: uv.bytesPerRow, range: range)
    }
  }
#endif

#if canImport(UIKit)
  import UIKit

  extension Preprocessor {
    /// Writes a picture as it is shown into `input`.
    func prepare(
      _ image: UIImage, region: DigitsClassifier.Region?,
      into input: UnsafeMutableRawBufferPointer
    ) throws {
      guard let cgImage = image.cgImage else {
        throw DigitsError.input("the UIImage holds no CGImage: render its CIImage first")
      }
      try prepare(
        cgImage, orientation: .init(image.imageOrientation), region: region, into: input)
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
