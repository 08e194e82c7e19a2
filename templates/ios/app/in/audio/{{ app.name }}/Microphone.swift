import AVFoundation
import Foundation

/// The microphone: mono samples of -1 to 1 at the rate that is asked for, in about ten blocks a second.
///
/// Where they are used too slowly, sound is dropped.
final class Microphone {
  /// For one loop, which ends where another app takes the microphone, or another one is plugged in.
  let blocks: AsyncStream<[Float]>
  private let continuation: AsyncStream<[Float]>.Continuation
  private let engine = AVAudioEngine()
  private var observers: [any NSObjectProtocol] = []

  /// Throws where the system does not give sound; nil where there is no microphone.
  init?(rate: Int) throws {
    (blocks, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(20))
    try AVAudioSession.sharedInstance().setCategory(.record, mode: .measurement)
    try AVAudioSession.sharedInstance().setActive(true)
    let format = engine.inputNode.outputFormat(forBus: 0)
    guard format.sampleRate > 0, let resampler = Resampler(from: format, to: Double(rate)) else {
      return nil
    }
    let size = AVAudioFrameCount(format.sampleRate / 10)
    engine.inputNode.installTap(onBus: 0, bufferSize: size, format: format) {
      [continuation] buffer, _ in
      continuation.yield(resampler.samples(of: buffer))
    }
    engine.prepare()
    try engine.start()
    observers = [
      AVAudioSession.interruptionNotification, .AVAudioEngineConfigurationChange,
    ].map { name in
      NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil) {
        [continuation] _ in
        continuation.finish()
      }
    }
  }

  func stop() {
    observers.forEach(NotificationCenter.default.removeObserver)
    engine.inputNode.removeTap(onBus: 0)
    engine.stop()
    continuation.finish()
    try? AVAudioSession.sharedInstance().setActive(false, options: .notifyOthersOnDeactivation)
  }
}

/// Makes of a microphone's sound that of the model. For one thread, though the class does not say it.
private final class Resampler: @unchecked Sendable {
  private let converter: AVAudioConverter
  private let format: AVAudioFormat
  private let ratio: Double

  init?(from source: AVAudioFormat, to rate: Double) {
    guard
      let format = AVAudioFormat(
        commonFormat: .pcmFormatFloat32, sampleRate: rate, channels: 1, interleaved: false),
      let converter = AVAudioConverter(from: source, to: format)
    else { return nil }
    self.format = format
    self.converter = converter
    ratio = rate / source.sampleRate
  }

  func samples(of buffer: AVAudioPCMBuffer) -> [Float] {
    // A few more than it makes of this block alone: it keeps some for the next one.
    let capacity = AVAudioFrameCount(Double(buffer.frameLength) * ratio) + 64
    guard let made = AVAudioPCMBuffer(pcmFormat: format, frameCapacity: capacity) else { return [] }
    let supply = Supply(buffer)
    converter.convert(to: made, error: nil) { _, status in supply.next(status) }
    guard let channels = made.floatChannelData else { return [] }
    return Array(UnsafeBufferPointer(start: channels[0], count: Int(made.frameLength)))
  }
}

/// Hands one buffer to a converter, which asks again for what comes behind it.
private final class Supply: @unchecked Sendable {
  private var buffer: AVAudioPCMBuffer?

  init(_ buffer: AVAudioPCMBuffer) {
    self.buffer = buffer
  }

  func next(_ status: UnsafeMutablePointer<AVAudioConverterInputStatus>) -> AVAudioBuffer? {
    defer { buffer = nil }
    status.pointee = buffer == nil ? .noDataNow : .haveData
    return buffer
  }
}
