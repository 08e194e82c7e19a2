import SwiftUI

private let title = "digits"

/// What the model is called, how far it is, and how long its latest answer took.
struct ModelStatus: View {
  @ObservedObject var holder: ModelHolder
  let milliseconds: Double?

  var body: some View {
    Text(verbatim: title.oneLine)
      .font(.headline)
      .lineLimit(1...2)
      .accessibilityAddTraits(.isHeader)
    switch holder.state {
    case .loading:
      Text("Loading the model…")
    case .failed(let reason):
      Text("The model cannot be loaded: \(Text(verbatim: reason))")
    case .ready(let actor):
      let accelerator = actor.model.accelerator.title
      if let milliseconds {
        Text("\(milliseconds, format: .milliseconds) ms on \(accelerator)")
          .monospacedDigit()
          .accessibilityAddTraits(.updatesFrequently)
      } else {
        Text("Ready on \(accelerator)")
      }
      if let reason = actor.model.fallbackReason {
        Text("Not on \(holder.asked.title): \(Text(verbatim: reason))")
          .font(.footnote)
          .foregroundStyle(.secondary)
          .lineLimit(4)
      }
    }
  }
}

/// What the user may change: what the model runs on, and which answers are shown.
struct ModelControls: View {
  @ObservedObject var holder: ModelHolder

  var body: some View {
    LabeledContent("Threshold", value: holder.options.threshold, format: .score)
      .accessibilityHidden(true)
    Slider(value: $holder.options.threshold, in: 0...1) {
      Text("Threshold")
    }
    Picker("What the model runs on", selection: $holder.asked) {
      ForEach(Model.Accelerator.all, id: \.self) { accelerator in
        Text(verbatim: accelerator.title).tag(accelerator)
      }
    }
    .pickerStyle(.menu)
  }
}

extension Model.Accelerator {
  fileprivate static let all: [Self] = [.cpu, .coreML, .metal]

  fileprivate var title: String {
    switch self {
    case .cpu: "CPU"
    case .coreML: "Core ML"
    case .metal: "GPU"
    }
  }
}
