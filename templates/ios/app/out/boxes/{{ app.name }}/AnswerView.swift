import Foundation
import SwiftUI

/// Draws detections over their picture: a box and a label for each, the best ones on top.
struct AnswerView: View {
  let answer: Answer
  let picture: ShownPicture

  var body: some View {
    Canvas { context, size in
      let place = PicturePlace(of: picture, in: size)
      let frames = answer.map { detection in
        place.rect(
          left: detection.box.left, top: detection.box.top, right: detection.box.right,
          bottom: detection.box.bottom)
      }
      for (detection, frame) in zip(answer, frames).reversed() {
        let color = Color(ClassColor(detection.index))
        context.stroke(Path(frame), with: .color(color), lineWidth: 3)
      }
      for (detection, frame) in zip(answer, frames).reversed() {
        context.drawChip(
          detection.name, number: Text(detection.score, format: .score), left: frame.minX,
          bottom: frame.minY, color: ClassColor(detection.index), in: size)
      }
    }
    .accessibilityElement()
    .accessibilityLabel(Text(verbatim: description))
  }

  private var description: String {
    guard !answer.isEmpty else { return String(localized: "Nothing found") }
    return answer.map { "\($0.name.oneLine) \($0.score.formatted(.score))" }.joined(separator: ", ")
  }
}

extension Model.Detection {
  fileprivate var name: String { label ?? String(localized: "class \(index)") }
}
