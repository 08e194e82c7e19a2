// Goes beside the generated sources that make inputs; MODULE and TYPE stand for the names of theirs.
import Driver
import Foundation

public final class TYPE {}

/// As in a package, where the table is a file.
enum Assets {
  static func data(_ name: String) throws -> Data { throw MODULEError.resource(name) }
}

public struct MODULEDriver: PictureDriver {
  private let preprocessor: Preprocessor

  public init(_ table: Data) throws {
    preprocessor = try Preprocessor(table: table)
  }

  public func work(_ shot: Shot, _ memory: UnsafeRawBufferPointer) throws -> Work {
    let preprocessor = preprocessor
    let orientation = TYPE.Orientation(rawValue: shot.orientation)!
    let region = shot.region.map {
      TYPE.Region(x: $0[0], y: $0[1], width: $0[2], height: $0[3])
    }
    let planes = shot.planes.map {
      UnsafeRawBufferPointer(rebasing: memory[$0.start..<$0.start + $0.size])
    }
    switch shot.kind {
    case "rgb":
      let image = try TYPE.RGBImage(
        width: shot.width, height: shot.height, pixels: Array(planes[0]))
      return {
        try preprocessor.prepare(image, orientation: orientation, region: region, into: $0)
      }
    case "full", "video":
      let range: TYPE.YUVFrame.Range = shot.kind == "full" ? .full : .video
      let (yRow, uvRow) = (shot.planes[0].bytesPerRow, shot.planes[1].bytesPerRow)
      let frame =
        planes.count == 2
        ? try TYPE.YUVFrame(
          width: shot.width, height: shot.height, y: planes[0], yBytesPerRow: yRow, uv: planes[1],
          uvBytesPerRow: uvRow, range: range)
        : try TYPE.YUVFrame(
          width: shot.width, height: shot.height, y: planes[0], yBytesPerRow: yRow, u: planes[1],
          v: planes[2], uvBytesPerRow: uvRow, uvBytesPerPixel: shot.bytesPerPixel, range: range)
      return {
        try preprocessor.prepare(frame, orientation: orientation, region: region, into: $0)
      }
    default:
      let formats: [String: TYPE.PixelFrame.Format] = ["bgra": .bgra, "rgba": .rgba, "argb": .argb]
      let frame = try TYPE.PixelFrame(
        width: shot.width, height: shot.height, bytes: planes[0],
        bytesPerRow: shot.planes[0].bytesPerRow, format: formats[shot.kind]!)
      return {
        try preprocessor.prepare(frame, orientation: orientation, region: region, into: $0)
      }
    }
  }
}
