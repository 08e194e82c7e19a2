import Foundation

/// digits
///
/// Takes pictures of any size and answers with labels. The interpreter inside works on one picture
/// at a time: use an instance from one queue only.
public final class DigitsClassifier {
  /// One of the classes that the model knows, and its score.
  public struct Category: Equatable, Sendable {
    /// The index of the class in the model's output.
    public let index: Int
    public let label: String
    public let score: Float
  }

  /// The labels of all classes, in the order of the model's output.
  public let labels: [String]

  private static let width = 28
  private static let height = 28

  private let interpreter: Interpreter
  private let inputTable: [Int8]

  /// Loads the model, the labels and the input table that the package ships.
  ///
  /// - Parameter threads: how many CPU threads a run may use.
  public init(threads: Int = 2) throws {
    interpreter = try Interpreter(modelPath: try Assets.path("model.tflite"), threads: threads)
    guard let labels = try? JSONDecoder().decode([String].self, from: Assets.data("labels.json"))
    else { throw DigitsError.resource("labels.json") }
    self.labels = labels
    inputTable = Items.array(of: Int8.self, in: try Assets.data("input_table.bin"))
    guard inputTable.count == 256 else {
      throw DigitsError.resource("input_table.bin")
    }
  }

  /// The `topK` classes of the highest scores for a picture, best first.
  public func classify(_ image: RGBImage, topK: Int = 3) throws -> [Category] {
    try categories(in: run(inputTensor(for: image)), topK: topK)
  }

  /// The input tensor that a picture becomes: 1 x 28 x 28 x 1 of Int8.
  public func inputTensor(for image: RGBImage) -> Data {
    // After the resize a pixel has one of 256 values; the table holds what each is in the tensor.
    let pixels = fitted(Raster(gray: image)).bytes
    return Items.data(of: pixels.map { inputTable[Int($0)] })
  }

  /// Runs the model on an input tensor.
  ///
  /// - Returns: the raw output tensor, 10 of Int8.
  public func run(_ input: Data) throws -> Data {
    try interpreter.run([input])[0]
  }

  /// The `topK` best classes of an output tensor; the lower index first among equal scores.
  public func categories(in output: Data, topK: Int) throws -> [Category] {
    let scores = Quantization(scale: 0.00390625, zeroPoint: -128)
      .dequantize(Items.array(of: Int8.self, in: output))
    guard scores.count == labels.count else {
      throw DigitsError.input("\(scores.count) scores for \(labels.count) classes")
    }
    return scores.indices
      .sorted { (scores[$1], $0) < (scores[$0], $1) }
      .prefix(topK)
      .map { Category(index: $0, label: labels[$0], score: scores[$0]) }
  }

  /// The whole picture in the size of the model's input, whatever its aspect ratio.
  private func fitted(_ picture: Raster) -> Raster {
    picture.resized(width: Self.width, height: Self.height)
  }
}
