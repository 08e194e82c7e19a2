import Foundation

/// The golden cases: inputs, and the outputs that the reference runtime gave to them.
struct Golden: Decodable {
  /// How an output is compared. Phones compute by other kernels than the reference, which round
  /// differently.
  struct Rule: Decodable {
    /// How far an item of a tensor of integers may be off.
    let counts: Double?
    /// How far an item of a tensor of floats may be off.
    let absolute: Double?
    /// How many items may be further off.
    let items: Int
    /// The files hold every `stride`-th item.
    let stride: Int

    /// In what an output is not the golden one, in words; nil if they agree.
    func difference(of output: [Double], from expected: [Double]) -> String? {
      let actual = Swift.stride(from: 0, to: output.count, by: stride).map { output[$0] }
      guard actual.count == expected.count else {
        return "has \(actual.count) items to compare instead of \(expected.count)"
      }
      let allowed = counts ?? absolute ?? 0
      let off = actual.indices.filter { index in
        let (actual, expected) = (actual[index], expected[index])
        let isSame = actual == expected || (actual.isNaN && expected.isNaN)
        // Written so that NaN against a number is a difference too.
        return !isSame && !(abs(actual - expected) <= allowed)
      }
      guard let first = off.first, off.count > items else { return nil }
      return "is off by more than \(allowed) in \(off.count) of \(actual.count) items: item "
        + "\(first * stride) is \(actual[first]) instead of \(expected[first])"
    }
  }

  struct Case: Decodable {
    let name: String
    /// Files of raw tensors; nil for an output that is not compared.
    let inputs: [String]
    let outputs: [String?]
  }

  let cases: [Case]
  /// One for each output; nil where a ranking decides the order of the items.
  let outputs: [Rule?]

  /// Golden/ in the bundle of the tests.
  static var folder: URL {
    #if SWIFT_PACKAGE
      let bundle = Bundle.module
    #else
      let bundle = Bundle(for: SineTests.self)
    #endif
    guard let folder = bundle.url(forResource: "Golden", withExtension: nil) else {
      fatalError("the bundle of the tests holds no folder Golden")
    }
    return folder
  }

  static func read(from folder: URL) throws -> Golden {
    let file = folder.appendingPathComponent("cases.json")
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }

  static func numbers<Item: BinaryInteger>(of type: Item.Type, in data: Data) -> [Double] {
    items(of: type, in: data).map { Double($0) }
  }

  private static func items<Item: Numeric>(of type: Item.Type, in data: Data) -> [Item] {
    var items = [Item](repeating: 0, count: data.count / MemoryLayout<Item>.stride)
    _ = items.withUnsafeMutableBytes { data.copyBytes(to: $0) }
    return items
  }
}
