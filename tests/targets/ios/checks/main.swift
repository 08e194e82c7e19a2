// Feeds pictures and camera frames of every format through the generated adapters; compiled with the modules in apple/.
import CoreGraphics
import CoreVideo
import Foundation
import UIKit

@testable import Digits

let table = try Data(contentsOf: URL(fileURLWithPath: "Digits/Sources/Digits/Assets/input_table.bin"))
let preprocessor = try Preprocessor(table: table)
let (width, height) = (37, 23)
let region = DigitsClassifier.Region(x: 2, y: 3, width: 17, height: 19)

/// The input that something writes.
func input(_ prepare: (Preprocessor, UnsafeMutableRawBufferPointer) throws -> Void) throws -> [UInt8] {
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: table.count / 256 * 28 * 28, alignment: 16)
  defer { memory.deallocate() }
  try prepare(preprocessor, memory)
  return Array(memory)
}

func tell(_ name: String, _ isRight: Bool) {
  print(name, isRight ? "ok" : "wrong")
}

/// Noise.
var seed: UInt32 = 1
func byte() -> UInt8 {
  seed = seed &* 1_664_525 &+ 1_013_904_223
  return UInt8(seed >> 24)
}
func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in byte() } }

// --- pixel buffers

let pixels = bytes(width * height * 3)
let image = try DigitsClassifier.RGBImage(width: width, height: height, pixels: pixels)
let expected = try input { try $0.prepare(image, orientation: .right, region: region, into: $1) }

for (name, format, places) in [
  ("BGRA", kCVPixelFormatType_32BGRA, [2, 1, 0, nil]), ("RGBA", kCVPixelFormatType_32RGBA, [0, 1, 2, nil]),
  ("ARGB", kCVPixelFormatType_32ARGB, [nil, 0, 1, 2]),
] {
  let rows = (0..<height).map { row in
    (0..<width).flatMap { column in places.map { $0.map { pixels[(row * width + column) * 3 + $0] } ?? byte() } }
  }
  let buffer = CVPixelBuffer(format: format, width: width, planes: [rows], padding: 5)
  let found = try input { try $0.prepare(buffer, orientation: .right, region: region, into: $1) }
  tell(name, found == expected && buffer.locks == 0)
}

let (luma, chroma) = (bytes(width * height), bytes(38 * 12))
for (name, format, range) in [
  ("420f", kCVPixelFormatType_420YpCbCr8BiPlanarFullRange, DigitsClassifier.YUVFrame.Range.full),
  ("420v", kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange, .video),
] {
  let planes = [
    (0..<height).map { Array(luma[$0 * width..<($0 + 1) * width]) },
    (0..<12).map { Array(chroma[$0 * 38..<($0 + 1) * 38]) },
  ]
  let buffer = CVPixelBuffer(format: format, width: width, planes: planes, padding: 7)
  let found = try input { try $0.prepare(buffer, orientation: .left, region: region, into: $1) }
  let expected = try luma.withUnsafeBytes { luma in
    try chroma.withUnsafeBytes { chroma in
      let frame = try DigitsClassifier.YUVFrame(
        width: width, height: height, y: luma, yBytesPerRow: width, uv: chroma, uvBytesPerRow: 38, range: range)
      return try input { try $0.prepare(frame, orientation: .left, region: region, into: $1) }
    }
  }
  tell(name, found == expected && buffer.locks == 0)
}

let other = CVPixelBuffer(format: 0x3432_3032, width: 1, planes: [[[0]]], padding: 0)
do {
  _ = try input { try $0.prepare(other, orientation: .up, region: nil, into: $1) }
  print("another format was taken")
} catch DigitsError.input(let message) {
  tell("refused", message.hasPrefix("a pixel buffer has to be 420f, 420v, 32BGRA") && other.locks == 0)
}

// --- pictures

/// The alpha of every 7th pixel is 0.
let rgba: [UInt8] = (0..<width * height).flatMap { (pixel: Int) -> [UInt8] in
  Array(pixels[3 * pixel..<3 * pixel + 3]) + [pixel % 7 == 0 ? 0 : 255]
}
let opaque = try DigitsClassifier.RGBImage(
  width: width, height: height,
  pixels: pixels.indices.map { $0 / 3 % 7 == 0 ? 0 : pixels[$0] })
let gray = try DigitsClassifier.RGBImage(
  width: width, height: height, pixels: luma.flatMap { [$0, $0, $0] })

for (name, space, bytes, expected) in [
  ("RGB", CGColorSpace(model: .rgb), rgba, opaque), ("CMYK", CGColorSpace(model: .cmyk), rgba, opaque),
  ("no space", nil, rgba, opaque), ("gray", CGColorSpace(model: .monochrome), luma, gray),
] {
  let picture = CGImage(width: width, height: height, colorSpace: space, bytes: bytes)
  tell(
    name,
    try input { try $0.prepare(picture, orientation: .down, region: region, into: $1) }
      == input { try $0.prepare(expected, orientation: .down, region: region, into: $1) })
}

let picture = CGImage(width: width, height: height, colorSpace: nil, bytes: rgba)
let orientations: [(UIImage.Orientation, DigitsClassifier.Orientation)] = [
  (.up, .up), (.down, .down), (.left, .left), (.right, .right), (.upMirrored, .upMirrored),
  (.downMirrored, .downMirrored), (.leftMirrored, .leftMirrored), (.rightMirrored, .rightMirrored),
]
tell(
  "UIImage",
  try orientations.allSatisfy { shown, stored in
    try input { try $0.prepare(UIImage(cgImage: picture, orientation: shown), region: region, into: $1) }
      == input { try $0.prepare(opaque, orientation: stored, region: region, into: $1) }
  })
do {
  _ = try input { try $0.prepare(UIImage(cgImage: nil, orientation: .up), region: nil, into: $1) }
  print("a UIImage without a CGImage was taken")
} catch DigitsError.input(let message) {
  tell("no CGImage", message.hasPrefix("the UIImage holds no CGImage"))
}
