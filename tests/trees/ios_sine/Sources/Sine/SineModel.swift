import Foundation

/// sine
///
/// The interpreter inside works on one input at a time: use an instance from one queue only.
public final class SineModel {
  /// What the model answers.
  public struct Outputs: Equatable, Sendable {
    /// 1 x 1 real numbers, Int8 in the model.
    /// Its sine.
    public let y: [Float]
  }

  private static let xQuantization =
    Quantization(scale: 0.024639944, zeroPoint: -128)
  private static let yQuantization =
    Quantization(scale: 0.007881705, zeroPoint: 0)

  private let interpreter: Interpreter

  /// Loads the model that the package ships.
  ///
  /// - Parameter threads: how many CPU threads a run may use.
  public init(threads: Int = 2) throws {
    interpreter = try Interpreter(modelPath: try Assets.path("model.tflite"), threads: threads)
  }

  /// Runs the model.
  ///
  /// - Parameter x: 1 x 1 real numbers, Int8 in the model.
  ///   The angle in radians.
  public func predict(x: [Float]) throws -> Outputs {
    let tensors = try self.run(inputs: [
      Items.data(of: Self.xQuantization.quantize(x, as: Int8.self))
    ])
    return Outputs(
      y: Self.yQuantization.dequantize(
        Items.array(of: Int8.self, in: tensors[0]))
    )
  }

  /// Runs the model on raw tensors: little-endian items in C order, as the model's file declares them.
  public func run(inputs: [Data]) throws -> [Data] {
    try interpreter.run(inputs)
  }
}
