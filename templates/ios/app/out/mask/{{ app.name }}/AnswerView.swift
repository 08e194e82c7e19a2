import Foundation
import SwiftUI

/// Draws a mask over its picture, and in its lower left corner which colour is which class.
struct AnswerView: View {
  private static let mostNames = 8

  let answer: Answer
  let picture: ShownPicture

  var body: some View {
    let mask = answer.image(of: shown.map(\.index))
    Canvas { context, size in
      if let mask {
        let frame = PicturePlace(of: picture, in: size).frame
        var turned = context
        if picture.isMirrored {
          turned.translateBy(x: size.width, y: 0)
          turned.scaleBy(x: -1, y: 1)
        }
        turned.draw(Image(decorative: mask, scale: 1).interpolation(.none), in: frame)
      }
      var bottom = size.height
      for item in shown.prefix(Self.mostNames).reversed() {
        bottom -= context.drawChip(
          item.name, number: Text(share(of: item), format: .share), left: 0, bottom: bottom,
          color: ClassColor(item.index), in: size)
      }
    }
    .accessibilityElement()
    .accessibilityLabel(Text(verbatim: description))
  }

  /// The largest first. Class 0 has no colour: it is the background.
  private var shown: [Model.ClassPixels] {
    answer.classes.filter { $0.index != 0 }.sorted { $0.pixels > $1.pixels }
  }

  private func share(of item: Model.ClassPixels) -> Double {
    Double(item.pixels) / Double(answer.mask.count)
  }

  private var description: String {
    guard !shown.isEmpty else { return String(localized: "Nothing found") }
    return shown.map { "\($0.name.oneLine) \(share(of: $0).formatted(.share))" }
      .joined(separator: ", ")
  }
}

extension Model.ClassPixels {
  fileprivate var name: String { label ?? String(localized: "class \(index)") }
}

extension Model.Segmentation {
  fileprivate func image(of classes: [Int]) -> CGImage? {
    let pixels = MaskPixels(mask, width: width, height: height, classes: classes)
    guard let space = CGColorSpace(name: CGColorSpace.sRGB),
      let provider = CGDataProvider(data: Data(pixels.bytes) as CFData)
    else { return nil }
    return CGImage(
      width: pixels.width, height: pixels.height, bitsPerComponent: 8, bitsPerPixel: 32,
      bytesPerRow: pixels.width * 4, space: space,
      bitmapInfo: CGBitmapInfo(rawValue: CGImageAlphaInfo.premultipliedLast.rawValue),
      provider: provider, decode: nil, shouldInterpolate: false, intent: .defaultIntent)
  }
}

extension FormatStyle where Self == FloatingPointFormatStyle<Double>.Percent {
  fileprivate static var share: Self { .percent.precision(.fractionLength(0)) }
}
