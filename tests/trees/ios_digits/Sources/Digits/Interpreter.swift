import Foundation
import TensorFlowLiteC

/// TensorFlow Lite's interpreter through its C API, which takes every type of tensor.
///
/// (The Swift wrapper of the pod TensorFlowLiteSwift knows no int8 tensors.)
final class Interpreter {
  // The interpreter reads the model for as long as it lives, and neither is counted by Swift.
  private let model: OpaquePointer
  private let interpreter: OpaquePointer

  init(modelPath: String, threads: Int) throws {
    guard let model = TfLiteModelCreateFromFile(modelPath) else {
      throw DigitsError.runtime("load the model")
    }
    let options = TfLiteInterpreterOptionsCreate()
    // The interpreter copies what it needs of the options.
    defer { TfLiteInterpreterOptionsDelete(options) }
    TfLiteInterpreterOptionsSetNumThreads(options, Int32(clamping: threads))
    guard let interpreter = TfLiteInterpreterCreate(model, options) else {
      TfLiteModelDelete(model)
      throw DigitsError.runtime("create an interpreter for the model")
    }
    self.model = model
    self.interpreter = interpreter
    // From here on deinit releases both, also when init throws.
    guard TfLiteInterpreterAllocateTensors(interpreter) == kTfLiteOk else {
      throw DigitsError.runtime("allocate the model's tensors")
    }
  }

  deinit {
    TfLiteInterpreterDelete(interpreter)
    TfLiteModelDelete(model)
  }

  /// Runs the model on raw tensors (little-endian items in C order), one for each input and output.
  func run(_ inputs: [Data]) throws -> [Data] {
    let inputCount = TfLiteInterpreterGetInputTensorCount(interpreter)
    guard inputs.count == Int(inputCount) else {
      throw DigitsError.input("the model takes \(inputCount) inputs, not \(inputs.count)")
    }
    for (index, data) in inputs.enumerated() {
      let tensor = TfLiteInterpreterGetInputTensor(interpreter, Int32(index))
      let byteCount = TfLiteTensorByteSize(tensor)
      guard data.count == byteCount else {
        throw DigitsError.input(
          "input \(index) takes \(byteCount) bytes, not \(data.count)")
      }
      let status = data.withUnsafeBytes {
        TfLiteTensorCopyFromBuffer(tensor, $0.baseAddress, $0.count)
      }
      guard status == kTfLiteOk else {
        throw DigitsError.runtime("take input \(index)")
      }
    }
    guard TfLiteInterpreterInvoke(interpreter) == kTfLiteOk else {
      throw DigitsError.runtime("run the model")
    }
    return try (0..<TfLiteInterpreterGetOutputTensorCount(interpreter)).map { index in
      // Asked for after the run: some operators decide the size of their output only then.
      let tensor = TfLiteInterpreterGetOutputTensor(interpreter, index)
      var data = Data(count: TfLiteTensorByteSize(tensor))
      let status = data.withUnsafeMutableBytes {
        TfLiteTensorCopyToBuffer(tensor, $0.baseAddress, $0.count)
      }
      guard status == kTfLiteOk else {
        throw DigitsError.runtime("give output \(index)")
      }
      return data
    }
  }
}
