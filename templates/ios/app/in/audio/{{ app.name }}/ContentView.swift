import Foundation
import SwiftUI
import UIKit

/// Has the model listen to the microphone, and shows what it says.
struct ContentView: View {
  @StateObject private var holder = ModelHolder()
  @StateObject private var feed = SoundFeed()
  @Environment(\.openURL) private var openURL

  var body: some View {
    ScrollView {
      VStack(alignment: .leading, spacing: 12) {
        ProgressView(value: feed.loudness)
          .accessibilityLabel("Loudness")
        Button(feed.isListening ? "Stop" : "Listen") {
          feed.isListening = !feed.isListening
        }
        .buttonStyle(.borderedProminent)
        problem
        ModelStatus(holder: holder, milliseconds: feed.answer?.milliseconds)
        if let answer = feed.answer {
          AnswerView(answer: answer.answer)
        }
        windows
        ModelControls(holder: holder)
      }
      .padding()
    }
    .task(id: holder.asked) { await holder.load() }
    .task(id: feed.isListening) { await feed.listen(with: holder) }
  }

  @ViewBuilder private var problem: some View {
    switch feed.problem {
    case .microphoneRefused:
      Text("Without the permission for the microphone there is nothing to hear.")
      Button("Open Settings") {
        if let url = URL(string: UIApplication.openSettingsURLString) { openURL(url) }
      }
    case .noMicrophone: Text("The microphone gives no sound.")
    case .failed(let reason): Text(verbatim: reason)
    case nil: EmptyView()
    }
  }

  /// The best class of each of the latest windows.
  private var windows: some View {
    ForEach(feed.windows, id: \.startSeconds) { window in
      if let best = window.answer.first {
        HStack {
          Text("\(window.startSeconds, format: .seconds) s").foregroundStyle(.secondary)
          Text(verbatim: best.label.oneLine).lineLimit(1)
          Spacer()
          Text(best.score, format: .score)
        }
        .monospacedDigit()
        .accessibilityElement(children: .combine)
      }
    }
  }
}

extension FormatStyle where Self == FloatingPointFormatStyle<Double> {
  fileprivate static var seconds: Self { .number.precision(.fractionLength(1)) }
}
