// Declarations of Apple's AVFoundation and AVFAudio as far as the generated code uses them, for the compiler on Linux.
// No class is Sendable, and what calls back is, as the strictest of Apple's SDKs have it.
@_exported import CoreMedia
import Foundation
import QuartzCore

// https://developer.apple.com/documentation/avfoundation/avcapturedevice
public struct AVMediaType: Hashable, Sendable {
  public static let video = AVMediaType()
  public static let audio = AVMediaType()
}

open class AVCaptureDevice: NSObject {
  public enum Position: Int, Sendable { case unspecified, back, front }
  public struct DeviceType: Hashable, Sendable {
    public static let builtInWideAngleCamera = DeviceType()
  }
  open class func `default`(
    _ deviceType: DeviceType, for mediaType: AVMediaType?, position: Position
  ) -> AVCaptureDevice? { fatalError() }
  open class func requestAccess(for mediaType: AVMediaType) async -> Bool { fatalError() }
}

// https://developer.apple.com/documentation/avfoundation/avcapturesession
open class AVCaptureInput: NSObject {}
open class AVCaptureDeviceInput: AVCaptureInput {
  public init(device: AVCaptureDevice) throws {}
}
open class AVCaptureOutput: NSObject {
  open func connection(with mediaType: AVMediaType) -> AVCaptureConnection? { fatalError() }
}

open class AVCaptureSession: NSObject {
  public struct Preset: Hashable, Sendable {
    public static let high = Preset()
    public static let hd1280x720 = Preset()
  }
  open var inputs: [AVCaptureInput] { fatalError() }
  open var outputs: [AVCaptureOutput] { fatalError() }
  open var sessionPreset: Preset {
    get { fatalError() }
    set { fatalError() }
  }
  open var isRunning: Bool { fatalError() }
  open func canSetSessionPreset(_ preset: Preset) -> Bool { fatalError() }
  open func canAddInput(_ input: AVCaptureInput) -> Bool { fatalError() }
  open func addInput(_ input: AVCaptureInput) { fatalError() }
  open func removeInput(_ input: AVCaptureInput) { fatalError() }
  open func canAddOutput(_ output: AVCaptureOutput) -> Bool { fatalError() }
  open func addOutput(_ output: AVCaptureOutput) { fatalError() }
  open func beginConfiguration() { fatalError() }
  open func commitConfiguration() { fatalError() }
  open func startRunning() { fatalError() }
  open func stopRunning() { fatalError() }
}

// https://developer.apple.com/documentation/avfoundation/avcaptureconnection
public enum AVCaptureVideoOrientation: Int, Sendable {
  case portrait = 1
  case portraitUpsideDown, landscapeRight, landscapeLeft
}

open class AVCaptureConnection: NSObject {
  open var isVideoOrientationSupported: Bool { fatalError() }
  open var videoOrientation: AVCaptureVideoOrientation {
    get { fatalError() }
    set { fatalError() }
  }
}

// https://developer.apple.com/documentation/avfoundation/avcapturevideodataoutput
public protocol AVCaptureVideoDataOutputSampleBufferDelegate: NSObjectProtocol {
  func captureOutput(
    _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer,
    from connection: AVCaptureConnection)
  func captureOutput(
    _ output: AVCaptureOutput, didDrop sampleBuffer: CMSampleBuffer,
    from connection: AVCaptureConnection)
}

extension AVCaptureVideoDataOutputSampleBufferDelegate {
  public func captureOutput(
    _ output: AVCaptureOutput, didDrop sampleBuffer: CMSampleBuffer,
    from connection: AVCaptureConnection
  ) {}
}

open class AVCaptureVideoDataOutput: AVCaptureOutput {
  open var alwaysDiscardsLateVideoFrames: Bool {
    get { fatalError() }
    set { fatalError() }
  }
  open var videoSettings: [String: Any]! {
    get { fatalError() }
    set { fatalError() }
  }
  open func setSampleBufferDelegate(
    _ delegate: (any AVCaptureVideoDataOutputSampleBufferDelegate)?,
    queue: DispatchQueue?
  ) { fatalError() }
}

// https://developer.apple.com/documentation/avfoundation/avcapturevideopreviewlayer
public struct AVLayerVideoGravity: Hashable, Sendable {
  public static let resizeAspectFill = AVLayerVideoGravity()
}

open class AVCaptureVideoPreviewLayer: CALayer {
  open var session: AVCaptureSession? {
    get { fatalError() }
    set { fatalError() }
  }
  open var connection: AVCaptureConnection? { fatalError() }
  open var videoGravity: AVLayerVideoGravity {
    get { fatalError() }
    set { fatalError() }
  }
}

// https://developer.apple.com/documentation/avfaudio/avaudiosession
open class AVAudioSession: NSObject {
  public struct Category: Hashable, Sendable { public static let record = Category() }
  public struct Mode: Hashable, Sendable { public static let measurement = Mode() }
  public struct SetActiveOptions: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static let notifyOthersOnDeactivation = SetActiveOptions(rawValue: 1)
  }
  public static let interruptionNotification = Notification.Name("interruption")
  open class func sharedInstance() -> AVAudioSession { fatalError() }
  open func setCategory(_ category: Category, mode: Mode) throws { fatalError() }
  open func setActive(_ active: Bool, options: SetActiveOptions = []) throws { fatalError() }
}

// https://developer.apple.com/documentation/avfaudio/avaudioformat
public typealias AVAudioFrameCount = UInt32
public typealias AVAudioPacketCount = UInt32
public typealias AVAudioChannelCount = UInt32
public typealias AVAudioNodeBus = Int
public enum AVAudioCommonFormat: UInt, Sendable { case otherFormat, pcmFormatFloat32 }

open class AVAudioFormat: NSObject {
  public init?(
    commonFormat: AVAudioCommonFormat, sampleRate: Double, channels: AVAudioChannelCount,
    interleaved: Bool
  ) {}
  open var sampleRate: Double { fatalError() }
  open var channelCount: AVAudioChannelCount { fatalError() }
}

// https://developer.apple.com/documentation/avfaudio/avaudiopcmbuffer
open class AVAudioBuffer: NSObject {}
open class AVAudioPCMBuffer: AVAudioBuffer {
  public init?(pcmFormat: AVAudioFormat, frameCapacity: AVAudioFrameCount) {}
  open var frameLength: AVAudioFrameCount { fatalError() }
  open var floatChannelData: UnsafePointer<UnsafeMutablePointer<Float>>? { fatalError() }
}

// https://developer.apple.com/documentation/avfaudio/avaudioconverter
public enum AVAudioConverterInputStatus: Int, Sendable { case haveData, noDataNow, endOfStream }
public enum AVAudioConverterOutputStatus: Int, Sendable {
  case haveData, inputRanDry, endOfStream, error
}
public typealias AVAudioConverterInputBlock =
  @Sendable (AVAudioPacketCount, UnsafeMutablePointer<AVAudioConverterInputStatus>) ->
  AVAudioBuffer?
public typealias NSErrorPointer = UnsafeMutablePointer<NSError?>?

open class AVAudioConverter: NSObject {
  public init?(from fromFormat: AVAudioFormat, to toFormat: AVAudioFormat) {}
  @discardableResult open func convert(
    to outputBuffer: AVAudioBuffer, error: NSErrorPointer,
    withInputFrom block: AVAudioConverterInputBlock
  ) -> AVAudioConverterOutputStatus { fatalError() }
}

// https://developer.apple.com/documentation/avfaudio/avaudioengine
open class AVAudioTime: NSObject {}
public typealias AVAudioNodeTapBlock = @Sendable (AVAudioPCMBuffer, AVAudioTime) -> Void

open class AVAudioNode: NSObject {
  open func outputFormat(forBus bus: AVAudioNodeBus) -> AVAudioFormat { fatalError() }
  open func installTap(
    onBus bus: AVAudioNodeBus, bufferSize: AVAudioFrameCount, format: AVAudioFormat?,
    block tapBlock: @escaping AVAudioNodeTapBlock
  ) { fatalError() }
  open func removeTap(onBus bus: AVAudioNodeBus) { fatalError() }
}
open class AVAudioInputNode: AVAudioNode {}

open class AVAudioEngine: NSObject {
  open var inputNode: AVAudioInputNode { fatalError() }
  open func prepare() { fatalError() }
  open func start() throws { fatalError() }
  open func stop() { fatalError() }
}

extension NSNotification.Name {
  public static let AVAudioEngineConfigurationChange = NSNotification.Name("configuration")
}
