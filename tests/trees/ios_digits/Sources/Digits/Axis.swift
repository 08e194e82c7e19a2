/// What is resized along the rows, or along the columns, of a picture as it lies in memory.
struct Axis {
  /// Where in memory the pixels begin that are resized.
  let start: Int
  /// How many these are.
  let inSize: Int
  /// How many they become.
  let outSize: Int
  /// Whether they run against the upright picture.
  let isMirrored: Bool
  /// Where in the input, in pixels of it, the first one goes.
  let first: Int
  /// How far from it the next one goes.
  let step: Int
}

extension Axis {
  /// The pixels from `start` on of the upright picture, of which there are `total`, for those of the
  /// input from `fittedStart` on, which are `stride` apart.
  init(
    start: Int, size: Int, of total: Int, fittedStart: Int, fittedSize: Int, stride: Int,
    isMirrored: Bool
  ) {
    self.start = isMirrored ? total - start - size : start
    inSize = size
    outSize = fittedSize
    self.isMirrored = isMirrored
    first = (isMirrored ? fittedStart + fittedSize - 1 : fittedStart) * stride
    step = isMirrored ? -stride : stride
  }
}
