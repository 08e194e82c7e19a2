import SwiftUI

/// Shows the model a text, once typing rests, and what it says of it.
struct ContentView: View {
  @StateObject private var holder = ModelHolder()
  @State private var text = ""
  @State private var answer: Timed?
  @State private var problem: String?

  var body: some View {
    ScrollView {
      VStack(alignment: .leading, spacing: 12) {
        TextField("A text for the model", text: $text, axis: .vertical)
          .lineLimit(3...8)
          .textFieldStyle(.roundedBorder)
        ModelStatus(holder: holder, milliseconds: answer?.milliseconds)
        if let problem {
          Text(verbatim: problem)
        }
        if let answer {
          AnswerView(answer: answer.answer)
        }
        ModelControls(holder: holder)
      }
      .padding()
    }
    .scrollDismissesKeyboard(.interactively)
    .task(id: holder.asked) { await holder.load() }
    .task(id: question) { await ask(question) }
  }

  private var question: Question {
    Question(text: text, generation: holder.generation, options: holder.options)
  }

  private func ask(_ question: Question) async {
    do {
      // Another letter cancels it.
      try await Task.sleep(for: .milliseconds(300))
      let found =
        question.text.isEmpty
        ? nil
        : try await holder.ask { model in
          try model.classify(question.text, options: question.options)
        }
      guard !Task.isCancelled else { return }
      (answer, problem) = (found, nil)
    } catch is CancellationError {
    } catch {
      problem = error.localizedDescription
    }
  }
}

/// What makes another answer.
private struct Question: Equatable, Sendable {
  let text: String
  let generation: Int
  let options: Model.Options
}
