import AVFoundation
import Foundation
import SwiftUI

/// What the microphone hears, and what the model says of it.
@MainActor
final class SoundFeed: ObservableObject {
  /// What the user should know.
  enum Problem {
    case microphoneRefused
    case noMicrophone
    case failed(String)
  }

  private static let mostWindows = 10

  @Published var isListening = false
  @Published private(set) var loudness: Float = 0
  @Published private(set) var answer: Timed?
  /// The latest windows, newest first.
  @Published private(set) var windows: [Model.Window] = []
  @Published private(set) var problem: Problem?

  /// Listens, until its task is cancelled or the microphone gives no more sound.
  func listen(with holder: ModelHolder) async {
    guard isListening else { return }
    (problem, windows) = (nil, [])
    do {
      if !(await AVCaptureDevice.requestAccess(for: .audio)) {
        problem = .microphoneRefused
      } else if let microphone = try Microphone(rate: Model.sampleRate) {
        defer { microphone.stop() }
        try await hear(microphone.blocks, with: holder)
      } else {
        problem = .noMicrophone
      }
    } catch {
      problem = .failed(error.localizedDescription)
    }
    loudness = 0
    if !Task.isCancelled { isListening = false }
  }

  private func hear(_ blocks: AsyncStream<[Float]>, with holder: ModelHolder) async throws {
    var listener: Listener?
    var generation = 0
    var options = Model.Options()
    for await block in blocks {
      loudness = Loudness(of: block).share
      guard case .ready(let actor) = holder.state else { continue }
      if listener == nil || generation != holder.generation || options != holder.options {
        (generation, options) = (holder.generation, holder.options)
        listener = try Listener(actor.model, options: options)
      }
      guard let heard = try await listener?.hear(block), let latest = heard.windows.last else {
        continue
      }
      answer = Timed(answer: latest.answer, milliseconds: heard.milliseconds)
      windows = Array((heard.windows.reversed() + windows).prefix(Self.mostWindows))
    }
  }
}
