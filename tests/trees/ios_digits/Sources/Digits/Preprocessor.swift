import Foundation

/// Makes the model's input of pictures: [1, 28, 28, 1] of Int8.
///
/// A picture is resized as it lies in memory, row by row, and turned where its pixels are put into the
/// input. What that takes is kept: of frames of one size only the first allocates memory.
final class Preprocessor {
  /// What each value of a pixel is in the input: 256 for each channel.
  private let table: [Int8]
  // Along the rows of the picture in memory, and along its columns.
  private let acrossWeights = ResizeWeights()
  private let downWeights = ResizeWeights()
  // The last two rows as they are read, and as they go down; see resize.
  private let read = Scratch<UInt8>()
  private let lines = Scratch<UInt8>()
  // Two rows of sums.
  private let sums = Scratch<UInt32>()
  #if canImport(CoreGraphics)
    let canvas = Canvas()
  #endif

  /// With the table of Assets/.
  convenience init() throws {
    try self.init(table: Assets.data("input_table.bin"))
  }

  init(table data: Data) throws {
    guard data.count == 256 * MemoryLayout<Int8>.size else {
      throw DigitsError.resource("input_table.bin")
    }
    table = data.withUnsafeBytes { bytes in
      (0..<256).map {
        bytes.loadUnaligned(
          fromByteOffset: $0 * MemoryLayout<Int8>.size, as: Int8.self)
      }
    }
  }

  /// Writes a picture into `input`, the memory of the model's input.
  func prepare(
    _ image: DigitsClassifier.RGBImage,
    orientation: DigitsClassifier.Orientation,
    region: DigitsClassifier.Region?, into input: UnsafeMutableRawBufferPointer
  ) throws {
    try image.pixels.withUnsafeBufferPointer { pixels in
      // A picture has a pixel at least.
      let rows = PackedRows(
        start: pixels.baseAddress!, bytesPerRow: image.width * 3, bytesPerPixel: 3,
        red: 0, green: 1, blue: 2)
      try prepare(
        rows, width: image.width, height: image.height, orientation: orientation, region: region,
        into: input)
    }
  }

  /// Writes a frame into `input`.
  func prepare(
    _ frame: DigitsClassifier.PixelFrame,
    orientation: DigitsClassifier.Orientation,
    region: DigitsClassifier.Region?, into input: UnsafeMutableRawBufferPointer
  ) throws {
    try prepare(
      PackedRows(frame), width: frame.width, height: frame.height, orientation: orientation,
      region: region, into: input)
  }

  /// Writes a frame into `input`.
  func prepare(
    _ frame: DigitsClassifier.YUVFrame,
    orientation: DigitsClassifier.Orientation,
    region: DigitsClassifier.Region?, into input: UnsafeMutableRawBufferPointer
  ) throws {
    let rows = YUVRows(frame)
    try prepare(
      rows, width: frame.width, height: frame.height, orientation: orientation, region: region,
      into: input)
  }

  /// Writes what `rows` holds of a picture that is `width` x `height` in memory into `input`.
  func prepare<Rows: PixelRows>(
    _ rows: Rows, width: Int, height: Int, orientation: DigitsClassifier.Orientation,
    region: DigitsClassifier.Region?, into input: UnsafeMutableRawBufferPointer
  ) throws {
    let isTransposed = orientation.isTransposed
    let placement = try Placement(
      region, ofWidth: isTransposed ? height : width, height: isTransposed ? width : height)
    let (box, fitted) = (placement.boxInPicture, placement.fitted)
    let items = input.bindMemory(to: Int8.self)
    let x = Axis.Upright(
      start: box.x, size: box.width, fittedStart: fitted.x, fittedSize: fitted.width, stride: 1)
    let y = Axis.Upright(
      start: box.y, size: box.height, fittedStart: fitted.y, fittedSize: fitted.height,
      stride: Placement.inputWidth)
    let across = Axis(
      isTransposed ? y : x, of: width, isMirrored: orientation.mirrorsRows)
    let down = Axis(
      isTransposed ? x : y, of: height, isMirrored: orientation.mirrorsColumns)
    resize(rows, across: across, down: down, isTransposed: isTransposed, into: items)
  }

  /// Resizes along both axes. Which comes first shows, because the pixels are rounded in between; this
  /// is the order of Pillow since version 13.
  private func resize<Rows: PixelRows>(
    _ rows: Rows, across: Axis, down: Axis, isTransposed: Bool,
    into items: UnsafeMutableBufferPointer<Int8>
  ) {
    acrossWeights.set(across)
    downWeights.set(down)
    let (wide, high) = isTransposed ? (down, across) : (across, down)
    let isHighFirst = high.inSize - high.outSize > 2 * max(wide.inSize - wide.outSize, 0)
    let isAcrossFirst = isHighFirst == isTransposed
    var rows = rows
    let layout = rows.layout(across.inSize)
    // The bytes of a row that goes down.
    let count = isAcrossFirst ? across.outSize * 1 : layout.count
    let scratch = read.room(2 * layout.count)
    // Two of them, the one that they become, and that across.
    let lines = self.lines.room(3 * count + across.outSize * 1)
    let finished = lines + 2 * count
    var falling = sums.room(2 * count)
    var rising = falling + count
    rising.initialize(repeating: ResizeWeights.half, count: count)
    let (weights, places) = (downWeights.weights, downWeights.places)

    func put(_ index: Int) {
      var line = finished
      if !isAcrossFirst {
        line += count
        resizeAcross(finished, layout, into: line)
      }
      self.put(line, at: down.first + index * down.step + across.first, across, items)
    }

    var previous = UnsafePointer(lines)
    var index = 0
    for pixel in 0..<down.inSize {
      var row = rows.row(
        down.start + pixel, from: across.start, count: across.inSize,
        scratch: scratch + pixel % 2 * layout.count)
      if isAcrossFirst {
        let line = lines + pixel % 2 * count
        resizeAcross(row, layout, into: line)
        row = UnsafePointer(line)
      }
      if downWeights.isShrinking {
        if pixel == places[index] {
          if index > 0 {
            Self.finish(falling, count, into: finished)
            put(index - 1)
          }
          swap(&falling, &rising)
          rising.update(repeating: ResizeWeights.half, count: count)
          index += 1
        }
        Self.add(row, count, weights[pixel], falling, rising)
      } else {
        while index < down.outSize, places[2 * index + 1] == pixel {
          let low = places[2 * index] == pixel ? row : previous
          Self.mix(low, row, count, weights[index], into: finished)
          put(index)
          index += 1
        }
        previous = row
      }
    }
    if downWeights.isShrinking {
      Self.finish(falling, count, into: finished)
      put(index - 1)
    }
  }

  private func resizeAcross(
    _ row: UnsafePointer<UInt8>, _ layout: RowLayout, into line: UnsafeMutablePointer<UInt8>
  ) {
    acrossWeights.resize(row, step: layout.step, into: line)
  }

  /// Adds a row to the sums of the two output rows that it takes part in.
  private static func add(
    _ row: UnsafePointer<UInt8>, _ count: Int, _ weights: UInt64,
    _ falling: UnsafeMutablePointer<UInt32>, _ rising: UnsafeMutablePointer<UInt32>
  ) {
    let fall = UInt32(truncatingIfNeeded: weights)
    let rise = UInt32(truncatingIfNeeded: weights >> 32)
    for index in 0..<count {
      let item = UInt32(row[index])
      falling[index] &+= item &* fall
      rising[index] &+= item &* rise
    }
  }

  private static func finish(
    _ sums: UnsafeMutablePointer<UInt32>, _ count: Int, into line: UnsafeMutablePointer<UInt8>
  ) {
    for index in 0..<count { line[index] = ResizeWeights.pixel(sums[index]) }
  }

  /// The row between two.
  private static func mix(
    _ low: UnsafePointer<UInt8>, _ high: UnsafePointer<UInt8>, _ count: Int, _ weights: UInt64,
    into line: UnsafeMutablePointer<UInt8>
  ) {
    let lowWeight = UInt32(truncatingIfNeeded: weights)
    let highWeight = UInt32(truncatingIfNeeded: weights >> 32)
    for index in 0..<count {
      line[index] = ResizeWeights.pixel(
        ResizeWeights.half &+ UInt32(low[index]) &* lowWeight
          &+ UInt32(high[index]) &* highWeight)
    }
  }

  /// Puts a row that is resized into the input, from the pixel `first` of it on.
  private func put(
    _ line: UnsafeMutablePointer<UInt8>, at first: Int, _ across: Axis,
    _ items: UnsafeMutableBufferPointer<Int8>
  ) {
    let (count, step) = (across.outSize, across.step)
    // The model has an input, and the table items.
    let items = items.baseAddress!
    table.withUnsafeBufferPointer { table in
      let table = table.baseAddress!
      var place = first
      for index in 0..<count {
        items[place] = table[Int(line[index])]
        place &+= step
      }
    }
  }
}
