import TensorFlowLiteC

#if canImport(TensorFlowLiteCCoreML)
  import TensorFlowLiteCCoreML
#endif
#if canImport(TensorFlowLiteCMetal)
  import TensorFlowLiteCMetal
#endif

/// TensorFlow Lite's interpreter, through its C API. Only this file names the runtime.
///
/// One thread at a time may use it. (The Swift wrapper of the pod TensorFlowLiteSwift knows no int8
/// tensors.)
final class Runner {
  // Swift does not count these: the interpreter reads the model, and works by the delegate, for as
  // long as it lives.
  private let model: OpaquePointer
  private let interpreter: OpaquePointer
  private let deleteDelegate: () -> Void

  init(
    modelPath: String, accelerator: SineModel.Accelerator, threads: Int
  ) throws {
    let options = TfLiteInterpreterOptionsCreate()
    // The interpreter copies what it needs of the options.
    defer { TfLiteInterpreterOptionsDelete(options) }
    TfLiteInterpreterOptionsSetNumThreads(options, Int32(clamping: threads))
    let deleteDelegate = try Self.addDelegate(for: accelerator, to: options)
    guard let model = TfLiteModelCreateFromFile(modelPath) else {
      deleteDelegate()
      throw SineError.runtime("load the model")
    }
    guard let interpreter = TfLiteInterpreterCreate(model, options) else {
      TfLiteModelDelete(model)
      deleteDelegate()
      throw SineError.runtime("create an interpreter for the model")
    }
    self.model = model
    self.interpreter = interpreter
    self.deleteDelegate = deleteDelegate
    // From here on deinit releases all, also when init throws.
    guard TfLiteInterpreterAllocateTensors(interpreter) == kTfLiteOk else {
      throw SineError.runtime("allocate the model's tensors")
    }
  }

  deinit {
    TfLiteInterpreterDelete(interpreter)
    deleteDelegate()
    TfLiteModelDelete(model)
  }

  /// The memory of an input: what a run takes is written there.
  func input(_ index: Int) -> UnsafeMutableRawBufferPointer {
    let tensor = TfLiteInterpreterGetInputTensor(interpreter, Int32(index))
    return UnsafeMutableRawBufferPointer(
      start: TfLiteTensorData(tensor), count: TfLiteTensorByteSize(tensor))
  }

  /// Runs the model on what its inputs hold.
  func run() throws {
    guard TfLiteInterpreterInvoke(interpreter) == kTfLiteOk else {
      throw SineError.runtime("run the model")
    }
  }

  /// The memory of an output, until the next run.
  func output(_ index: Int) -> UnsafeRawBufferPointer {
    // Asked for after each run: some operators decide only then how large their output is.
    let tensor = TfLiteInterpreterGetOutputTensor(interpreter, Int32(index))
    return UnsafeRawBufferPointer(
      start: TfLiteTensorData(tensor), count: TfLiteTensorByteSize(tensor))
  }

  /// Adds the delegate for an accelerator, and gives what deletes it.
  private static func addDelegate(
    for accelerator: SineModel.Accelerator, to options: OpaquePointer?
  ) throws -> () -> Void {
    switch accelerator {
    case .cpu:
      return {}
    case .coreML:
      #if canImport(TensorFlowLiteCCoreML)
        var settings = TfLiteCoreMlDelegateOptions()
        settings.enabled_devices = TfLiteCoreMlDelegateDevicesWithNeuralEngine
        guard let delegate = TfLiteCoreMlDelegateCreate(&settings) else {
          throw SineError.accelerator("this device has no Neural Engine")
        }
        TfLiteInterpreterOptionsAddDelegate(options, delegate)
        return { TfLiteCoreMlDelegateDelete(delegate) }
      #else
        throw SineError.accelerator(notLinked("TensorFlowLiteCCoreML", "CoreML"))
      #endif
    case .metal:
      #if canImport(TensorFlowLiteCMetal)
        var settings = TFLGpuDelegateOptions()
        settings.enable_quantization = true
        guard let delegate = TFLGpuDelegateCreate(&settings) else {
          throw SineError.accelerator("this device has no GPU for Metal")
        }
        TfLiteInterpreterOptionsAddDelegate(options, delegate)
        return { TFLGpuDelegateDelete(delegate) }
      #else
        throw SineError.accelerator(notLinked("TensorFlowLiteCMetal", "Metal"))
      #endif
    }
  }

  private static func notLinked(_ library: String, _ subspec: String) -> String {
    "\(library) is not linked: add it to the dependencies in Package.swift of Sine, "
      + "or take the pod 'Sine/\(subspec)'"
  }
}
