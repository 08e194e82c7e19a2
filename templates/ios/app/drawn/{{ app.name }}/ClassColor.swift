/// A bright colour of its own for each class: hues that lie far apart, by the golden ratio.
struct ClassColor: Equatable, Sendable {
  let red: Double
  let green: Double
  let blue: Double

  init(_ index: Int) {
    let sixths = (0.33 + Double(index) * 0.618034).truncatingRemainder(dividingBy: 1) * 6
    // https://en.wikipedia.org/wiki/HSL_and_HSV#HSV_to_RGB_alternative, of saturation 0.8 and value 1.
    func channel(_ offset: Double) -> Double {
      let place = (offset + sixths).truncatingRemainder(dividingBy: 6)
      return 1 - 0.8 * max(0, min(place, 4 - place, 1))
    }
    (red, green, blue) = (channel(5), channel(3), channel(1))
  }

  /// Whether black can be read on it, by its luma of Rec. 601.
  var isBright: Bool { 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 }
}
