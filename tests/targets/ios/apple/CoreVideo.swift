// Apple's CoreVideo as far as the generated code uses it, for the compiler on Linux; a pixel buffer holds memory
// whose rows are padded, so that code that reads one can run.
public typealias CVReturn = Int32
public typealias OSType = UInt32
public typealias CVPixelBuffer = CVBuffer

public let kCVReturnSuccess: CVReturn = 0
public let kCVPixelFormatType_420YpCbCr8BiPlanarFullRange: OSType = 0x3432_3066
public let kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange: OSType = 0x3432_3076
public let kCVPixelFormatType_32ARGB: OSType = 0x0000_0020
public let kCVPixelFormatType_32BGRA: OSType = 0x4247_5241
public let kCVPixelFormatType_32RGBA: OSType = 0x5247_4241

public struct CVPixelBufferLockFlags: OptionSet {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static let readOnly = CVPixelBufferLockFlags(rawValue: 1)
}

public final class CVBuffer {
  /// Rows in memory that is padded.
  struct Plane {
    let height: Int
    let bytesPerRow: Int
    let memory: UnsafeMutableRawPointer

    init(_ rows: [[UInt8]], padding: Int) {
      height = rows.count
      bytesPerRow = rows[0].count + padding
      memory = .allocate(byteCount: bytesPerRow * height, alignment: 16)
      memory.initializeMemory(as: UInt8.self, repeating: 0xEE, count: bytesPerRow * height)
      for (index, row) in rows.enumerated() {
        (memory + index * bytesPerRow).copyMemory(from: row, byteCount: row.count)
      }
    }
  }

  let format: OSType
  let width: Int
  let planes: [Plane]
  public private(set) var locks = 0

  /// One of a single plane, or of several.
  public init(format: OSType, width: Int, planes: [[[UInt8]]], padding: Int) {
    self.format = format
    self.width = width
    self.planes = planes.map { Plane($0, padding: padding) }
  }

  deinit { for plane in planes { plane.memory.deallocate() } }

  func lock(_ change: Int) { locks += change }
}

public func CVPixelBufferGetPixelFormatType(_ buffer: CVPixelBuffer) -> OSType { buffer.format }
public func CVPixelBufferGetWidth(_ buffer: CVPixelBuffer) -> Int { buffer.width }
public func CVPixelBufferGetHeight(_ buffer: CVPixelBuffer) -> Int { buffer.planes[0].height }

public func CVPixelBufferGetBytesPerRow(_ buffer: CVPixelBuffer) -> Int {
  buffer.planes[0].bytesPerRow
}

public func CVPixelBufferGetBaseAddress(_ buffer: CVPixelBuffer) -> UnsafeMutableRawPointer? {
  // Of several planes this is a description of them.
  buffer.locks > 0 && buffer.planes.count == 1 ? buffer.planes[0].memory : nil
}

public func CVPixelBufferGetHeightOfPlane(_ buffer: CVPixelBuffer, _ plane: Int) -> Int {
  buffer.planes[plane].height
}

public func CVPixelBufferGetBytesPerRowOfPlane(_ buffer: CVPixelBuffer, _ plane: Int) -> Int {
  buffer.planes[plane].bytesPerRow
}

public func CVPixelBufferGetBaseAddressOfPlane(
  _ buffer: CVPixelBuffer, _ plane: Int
) -> UnsafeMutableRawPointer? {
  buffer.locks > 0 ? buffer.planes[plane].memory : nil
}

@discardableResult
public func CVPixelBufferLockBaseAddress(
  _ buffer: CVPixelBuffer, _ flags: CVPixelBufferLockFlags
) -> CVReturn {
  buffer.lock(1)
  return 0
}

@discardableResult
public func CVPixelBufferUnlockBaseAddress(
  _ buffer: CVPixelBuffer, _ flags: CVPixelBufferLockFlags
) -> CVReturn {
  buffer.lock(-1)
  return 0
}

public typealias CVImageBuffer = CVBuffer
public let kCVPixelBufferPixelFormatTypeKey = "PixelFormatType"
