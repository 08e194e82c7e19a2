import AVFoundation
import Foundation
import PhotosUI
import SwiftUI

/// What the model is shown, the frames of the camera or a photo, and what it says of it.
@MainActor
final class PictureFeed: ObservableObject {
  /// What the user should know.
  enum Problem {
    case cameraRefused
    case noCamera
    case noPhoto
    case failed(String)
  }

  let camera = Camera()
  @Published private(set) var position = AVCaptureDevice.Position.back
  /// In the place of the camera; nil where that is shown.
  @Published private(set) var photo: Photo?
  @Published private(set) var answer: Timed?
  @Published private(set) var problem: Problem?

  /// Shows the camera on that side, once the user allows it.
  func showCamera(_ position: AVCaptureDevice.Position) async {
    photo = nil
    forget()
    if !(await AVCaptureDevice.requestAccess(for: .video)) {
      problem = .cameraRefused
    } else if await camera.start(position) {
      self.position = position
    } else {
      problem = .noCamera
    }
  }

  func flip() async {
    await showCamera(position == .back ? .front : .back)
  }

  func show(_ item: PhotosPickerItem) async {
    do {
      guard let photo = try await Photo(item) else {
        problem = .noPhoto
        return
      }
      camera.stop()
      forget()
      self.photo = photo
    } catch {
      problem = .failed(error.localizedDescription)
    }
  }

  /// Asks the model about each frame that it can keep up with.
  func answerFrames(with holder: ModelHolder) async {
    for await frame in camera.frames.elements where photo == nil {
      let options = holder.options
      await ask(holder) { model in
        try model.classify(frame.pixelBuffer, options: options)
      }
    }
  }

  func answerPhoto(with holder: ModelHolder) async {
    guard let photo else { return }
    let options = holder.options
    await ask(holder) { model in
      try model.classify(photo.image, options: options)
    }
  }

  private func ask(
    _ holder: ModelHolder,
    _ work: @escaping @Sendable (Model) throws -> Answer
  ) async {
    let asked = photo?.id
    do {
      let answer = try await holder.ask(work)
      // Meanwhile the user may have taken another picture.
      guard let answer, photo?.id == asked else { return }
      self.answer = answer
      problem = nil
    } catch {
      problem = .failed(error.localizedDescription)
    }
  }

  private func forget() {
    answer = nil
    problem = nil
  }
}
