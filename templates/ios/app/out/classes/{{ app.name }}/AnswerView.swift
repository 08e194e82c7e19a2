import SwiftUI

/// Classes, best first: the label, the score, and a bar as long as that.
struct AnswerView: View {
  let answer: Answer

  var body: some View {
    if answer.isEmpty {
      Text("No class reaches the threshold")
    }
    ForEach(answer, id: \.index) { category in
      VStack(spacing: 4) {
        HStack {
          Text(verbatim: category.label.oneLine).lineLimit(1)
          Spacer()
          Text(category.score, format: .score).monospacedDigit()
        }
        // False for what is not a number, too.
        ProgressView(value: category.score > 0 ? min(category.score, 1) : 0)
      }
      .accessibilityElement()
      .accessibilityLabel(Text(verbatim: category.label.oneLine))
      .accessibilityValue(Text(category.score, format: .score))
    }
  }
}
