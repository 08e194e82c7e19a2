import AVFoundation
import Foundation

/// A frame of the camera, upright. One at a time uses it, though its buffer does not say that it is
/// Sendable.
struct Frame: @unchecked Sendable {
  let pixelBuffer: CVPixelBuffer
  /// As the preview of a front camera is.
  let isMirrored: Bool
}

/// A camera of the device, and its newest frame. All of it happens on its own queue.
final class Camera: NSObject, @unchecked Sendable {
  let session = AVCaptureSession()
  let frames = Newest<Frame>()
  private let queue = DispatchQueue(label: "camera")
  private let output = AVCaptureVideoDataOutput()
  private var position = AVCaptureDevice.Position.back
  private var orientation = AVCaptureVideoOrientation.portrait

  /// Starts the camera on that side, in the place of another one; false where there is none.
  func start(_ position: AVCaptureDevice.Position) async -> Bool {
    await withCheckedContinuation { continuation in
      queue.async {
        let isThere = self.configure(position)
        if isThere { self.session.startRunning() }
        continuation.resume(returning: isThere)
      }
    }
  }

  func stop() {
    queue.async { self.session.stopRunning() }
  }

  /// Has frames come upright for an interface of that orientation.
  func turn(to orientation: AVCaptureVideoOrientation) {
    queue.async {
      self.orientation = orientation
      self.turnFrames()
    }
  }

  private func configure(_ position: AVCaptureDevice.Position) -> Bool {
    session.beginConfiguration()
    defer { session.commitConfiguration() }
    session.inputs.forEach(session.removeInput)
    guard
      let device = AVCaptureDevice.default(
        .builtInWideAngleCamera, for: .video, position: position),
      let input = try? AVCaptureDeviceInput(device: device), session.canAddInput(input)
    else { return false }
    session.addInput(input)
    session.sessionPreset = session.canSetSessionPreset(.hd1280x720) ? .hd1280x720 : .high
    if session.outputs.isEmpty {
      output.alwaysDiscardsLateVideoFrames = true
      output.videoSettings = [
        kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_420YpCbCr8BiPlanarFullRange
      ]
      output.setSampleBufferDelegate(self, queue: queue)
      guard session.canAddOutput(output) else { return false }
      session.addOutput(output)
    }
    self.position = position
    turnFrames()
    return true
  }

  private func turnFrames() {
    guard let connection = output.connection(with: .video), connection.isVideoOrientationSupported
    else { return }
    connection.videoOrientation = orientation
  }
}

extension Camera: AVCaptureVideoDataOutputSampleBufferDelegate {
  func captureOutput(
    _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer,
    from connection: AVCaptureConnection
  ) {
    guard let pixelBuffer = CMSampleBufferGetImageBuffer(sampleBuffer) else { return }
    frames.send(Frame(pixelBuffer: pixelBuffer, isMirrored: position == .front))
  }
}
