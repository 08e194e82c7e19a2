// What the program Pictures asks of each module of PictureDriver.swift.
import Foundation

/// A picture in memory, and how it is taken; see Shot in pictures.py.
public struct Shot: Decodable {
  public struct Plane: Decodable {
    public let start: Int
    public let size: Int
    public let bytesPerRow: Int
  }

  public let kind: String
  public let width: Int
  public let height: Int
  public let planes: [Plane]
  public let bytesPerPixel: Int
  public let orientation: Int
  public let region: [Int]?

  public init(kind: String, width: Int, height: Int, planes: [Plane], orientation: Int) {
    self.kind = kind
    self.width = width
    self.height = height
    self.planes = planes
    self.orientation = orientation
    bytesPerPixel = 2
    region = nil
  }
}

extension Shot.Plane {
  public init(_ start: Int, _ size: Int, _ bytesPerRow: Int) {
    self.init(start: start, size: size, bytesPerRow: bytesPerRow)
  }
}

public typealias Work = (UnsafeMutableRawBufferPointer) throws -> Void

public protocol PictureDriver {
  /// With a table of pixels.
  init(_ table: Data) throws

  /// What makes an input of the picture of a shot, whose planes are in `memory`.
  func work(_ shot: Shot, _ memory: UnsafeRawBufferPointer) throws -> Work
}
