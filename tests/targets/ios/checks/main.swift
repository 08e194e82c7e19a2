// Reads camera frames of every format through the generated adapter; compiled with the modules in apple/.
import CoreVideo
import Digits

let expected = try DigitsClassifier.RGBImage(
  width: 2, height: 2, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
let formats: [(name: String, type: OSType, rows: [[UInt8]])] = [
  ("BGRA", kCVPixelFormatType_32BGRA, [[3, 2, 1, 0, 6, 5, 4, 0], [9, 8, 7, 0, 12, 11, 10, 0]]),
  ("RGBA", kCVPixelFormatType_32RGBA, [[1, 2, 3, 0, 4, 5, 6, 0], [7, 8, 9, 0, 10, 11, 12, 0]]),
  ("ARGB", kCVPixelFormatType_32ARGB, [[0, 1, 2, 3, 0, 4, 5, 6], [0, 7, 8, 9, 0, 10, 11, 12]]),
]
for format in formats {
  let buffer = CVPixelBuffer(format: format.type, rows: format.rows, padding: 5)
  let image = try DigitsClassifier.RGBImage(pixelBuffer: buffer)
  print(format.name, image == expected && buffer.locks == 0 ? "ok" : "wrong: \(image)")
}
do {
  _ = try DigitsClassifier.RGBImage(
    pixelBuffer: CVPixelBuffer(format: 0x3432_3066, rows: [[0, 0, 0, 0]], padding: 0))
  print("420f was taken")
} catch DigitsError.input(let message) {
  print("420f", message.hasPrefix("a pixel buffer has to be 32BGRA") ? "refused" : message)
}
