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
  /// The same of the upright picture.
  struct Upright {
    let start: Int
    let size: Int
    /// Where in the input it goes, and how many pixels it becomes.
    let fittedStart: Int
    let fittedSize: Int
    /// How far apart these are in the input.
    let stride: Int
  }

  /// Of a row or column in memory of `total` pixels, which runs as the upright picture or against it.
  init(_ upright: Upright, of total: Int, isMirrored: Bool) {
    start = isMirrored ? total - upright.start - upright.size : upright.start
    inSize = upright.size
    outSize = upright.fittedSize
    self.isMirrored = isMirrored
    let last = upright.fittedStart + upright.fittedSize - 1
    first = (isMirrored ? last : upright.fittedStart) * upright.stride
    step = isMirrored ? -upright.stride : upright.stride
  }
}
