import Foundation
import SwiftUI

extension Color {
  init(_ color: ClassColor) {
    self.init(red: color.red, green: color.green, blue: color.blue)
  }
}

extension GraphicsContext {
  /// Draws a name and a number in one line, on coloured ground, which can be read on any picture.
  ///
  /// It stands from `left` on and above `bottom`, but within the view of that size, and a name that is
  /// too long is cut off. Returns how high it is.
  @discardableResult
  func drawChip(
    _ name: String = "", number: Text, left: CGFloat, bottom: CGFloat, color: ClassColor,
    in size: CGSize
  ) -> CGFloat {
    let padding: CGFloat = 4
    let ink = color.isBright ? Color.black : Color.white
    let second = resolve(number.font(.callout).foregroundColor(ink))
    let secondSize = second.measure(in: size)
    let first = resolve(Text(verbatim: name.oneLine).font(.callout).foregroundColor(ink))
    let firstSize = first.measure(in: CGSize(width: size.width * 0.6, height: secondSize.height))
    let width = firstSize.width + secondSize.width + 3 * padding
    let height = secondSize.height + padding
    let frame = CGRect(
      x: max(0, min(left, size.width - width)), y: max(0, min(bottom, size.height) - height),
      width: width, height: height)
    fill(Path(frame), with: .color(Color(color)))
    let line = CGRect(
      x: frame.minX + padding, y: frame.minY + padding / 2, width: firstSize.width,
      height: secondSize.height)
    draw(first, in: line)
    draw(
      second,
      in: CGRect(
        x: line.maxX + padding, y: line.minY, width: secondSize.width, height: secondSize.height))
    return height
  }
}
