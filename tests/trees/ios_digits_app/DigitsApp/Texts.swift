import Foundation

extension String {
  /// On one line, without what would steer the text around it: labels come with the model.
  var oneLine: String {
    String(String.UnicodeScalarView(unicodeScalars.map { $0.steers ? " " : $0 }))
  }
}

extension Unicode.Scalar {
  fileprivate var steers: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: properties.isBidiControl
    }
  }
}

extension FormatStyle where Self == FloatingPointFormatStyle<Double> {
  static var milliseconds: Self { .number.precision(.fractionLength(1)) }
}

extension FormatStyle where Self == FloatingPointFormatStyle<Float> {
  static var score: Self { .number.precision(.fractionLength(2)) }
}
