// Runs what of the apps needs none of Apple's frameworks, on what stands in cases.json, and prints what it gives.
import Foundation

struct Place: Decodable {
  let picture: [Int]
  let view: [Double]
  let fills: Bool
  let mirrored: Bool
  let point: [Float]
}

struct Mask: Decodable {
  let width: Int
  let height: Int
  let mask: [UInt8]
  let classes: [Int]
}

struct Cases: Decodable {
  let places: [Place]
  let colors: Int
  let masks: [Mask]
  let texts: [String]
  let sounds: [[Float]]
  let typed: [String]
  let integers: [Float]
}

struct Results: Encodable {
  var points: [[Double]] = []
  var frames: [[Double]] = []
  var rects: [[Double]] = []
  var colors: [[Double]] = []
  var bright: [Bool] = []
  var masks: [[[Int]]] = []
  var texts: [String] = []
  var scores: [String] = []
  var milliseconds: [String] = []
  var loudness: [[Float]] = []
  var numbers: [[Float]?] = []
  var filled: [[Float]] = []
  var integers: [[Int]] = []
  var newest: [Int] = []
}

let cases = try JSONDecoder().decode(
  Cases.self, from: Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1])))
var results = Results()
for case let given in cases.places {
  let picture = ShownPicture(
    width: given.picture[0], height: given.picture[1], isFilling: given.fills,
    isMirrored: given.mirrored)
  let place = PicturePlace(of: picture, in: CGSize(width: given.view[0], height: given.view[1]))
  let point = place.point(given.point[0], given.point[1])
  results.points.append([point.x, point.y])
  let frame = place.frame
  results.frames.append([frame.minX, frame.minY, frame.maxX, frame.maxY])
  let rect = place.rect(
    left: given.point[0], top: given.point[1], right: given.point[0] + 10,
    bottom: given.point[1] + 20)
  results.rects.append([rect.minX, rect.minY, rect.maxX, rect.maxY])
}
for index in 0..<cases.colors {
  let color = ClassColor(index)
  results.colors.append([color.red, color.green, color.blue])
  results.bright.append(color.isBright)
}
for given in cases.masks {
  let pixels = MaskPixels(
    given.mask, width: given.width, height: given.height, classes: given.classes)
  results.masks.append([[pixels.width, pixels.height], pixels.bytes.map(Int.init)])
}
results.texts = cases.texts.map(\.oneLine)
results.scores = [0, 0.005, 0.126, 1, 12.5].map { Float($0).formatted(.score) }
results.milliseconds = [0.04, 3.25, 1234.5].map { Double($0).formatted(.milliseconds) }
results.loudness = cases.sounds.map { [Loudness(of: $0).decibels, Loudness(of: $0).share] }
results.numbers = cases.typed.map { try? Numbers.read($0) }
var numbers = Numbers([1, 2, 3]) { 0.5 }
results.filled = [numbers.next(2), numbers.next(2), numbers.next(1)]
results.integers = cases.integers.map { [Int(Int8(nearest: $0)), Int(UInt8(nearest: $0))] }

let newest = Newest<Int>()
for number in 1...5 { newest.send(number) }
// Whoever is slow gets the newest each time, and none twice.
for await number in newest.elements {
  results.newest.append(number)
  guard number < 10 else { break }
  for next in 1...5 { newest.send(number + next) }
}
print(String(decoding: try JSONEncoder().encode(results), as: UTF8.self))
