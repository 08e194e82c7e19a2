import Foundation

extension Session {
  /// In what the input that a frame becomes is not the golden one.
  func inputDifferences(
    from frame: GoldenCases.Frame, of golden: GoldenCases
  ) throws -> [String] {
    guard let orientation = DigitsClassifier.Orientation(rawValue: frame.orientation) else {
      throw DigitsError.resource("cases.json")
    }
    let region = frame.region.map {
      DigitsClassifier.Region(x: $0[0], y: $0[1], width: $0[2] - $0[0], height: $0[3] - $0[1])
    }
    try golden.data(frame.memory).withUnsafeBytes { memory in
      let planes = frame.planes.map { plane in
        (
          bytes: UnsafeRawBufferPointer(rebasing: memory[plane[0]..<plane[0] + plane[1]]),
          bytesPerRow: plane[2]
        )
      }
      if planes.count == 1 {
        try preprocessor.prepare(
          DigitsClassifier.PixelFrame(
            width: frame.width, height: frame.height, bytes: planes[0].bytes,
            bytesPerRow: planes[0].bytesPerRow, format: .bgra),
          orientation: orientation, region: region, into: runner.input(0))
      } else {
        try preprocessor.prepare(
          DigitsClassifier.YUVFrame(
            width: frame.width, height: frame.height, y: planes[0].bytes,
            yBytesPerRow: planes[0].bytesPerRow, uv: planes[1].bytes,
            uvBytesPerRow: planes[1].bytesPerRow,
            range: frame.format == "420v" ? .video : .full),
          orientation: orientation, region: region, into: runner.input(0))
      }
    }
    return try golden.inputDifferences(of: runner, from: frame.inputs)
  }
}
