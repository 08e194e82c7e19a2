import AVFoundation
import Foundation
import SwiftUI
import UIKit

/// What the camera sees, filling the view; that of a front camera is mirrored.
struct CameraPreview: UIViewRepresentable {
  let camera: Camera
  /// Which of its cameras; another one has another connection to the preview, to be turned anew.
  let position: AVCaptureDevice.Position
  /// How often the device was turned.
  let turns: Int

  func makeUIView(context: Context) -> CameraPreviewView {
    CameraPreviewView(camera: camera)
  }

  func updateUIView(_ view: CameraPreviewView, context: Context) {
    view.followInterface()
  }
}

final class CameraPreviewView: UIView {
  override static var layerClass: AnyClass { AVCaptureVideoPreviewLayer.self }

  private let camera: Camera
  private var preview: AVCaptureVideoPreviewLayer? { layer as? AVCaptureVideoPreviewLayer }

  init(camera: Camera) {
    self.camera = camera
    super.init(frame: .zero)
    preview?.session = camera.session
    preview?.videoGravity = .resizeAspectFill
  }

  @available(*, unavailable)
  required init?(coder: NSCoder) {
    fatalError("there is no storyboard")
  }

  override func layoutSubviews() {
    super.layoutSubviews()
    followInterface()
  }

  /// Turns the preview and the frames as the interface is turned.
  func followInterface() {
    guard let scene = window?.windowScene else { return }
    let orientation = AVCaptureVideoOrientation(scene.interfaceOrientation)
    if let connection = preview?.connection, connection.isVideoOrientationSupported {
      connection.videoOrientation = orientation
    }
    camera.turn(to: orientation)
  }
}

extension AVCaptureVideoOrientation {
  fileprivate init(_ orientation: UIInterfaceOrientation) {
    switch orientation {
    case .portraitUpsideDown: self = .portraitUpsideDown
    case .landscapeLeft: self = .landscapeLeft
    case .landscapeRight: self = .landscapeRight
    default: self = .portrait
    }
  }
}
