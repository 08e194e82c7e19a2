import Foundation

/// The golden cases: inputs, and the outputs that the reference runtime gave to them.
struct Golden: Decodable {
  /// How far an output may be from the golden one. Phones compute by other kernels than the
  /// reference, which round differently.
  struct Tolerance: Decodable {
    /// For tensors of integers.
    let counts: Double
    /// For tensors of floats.
    let absolute: Double
  }

  struct Case: Decodable {
    let name: String
    /// Files of raw tensors.
    let inputs: [String]
    let outputs: [String]
  }

  let tolerance: Tolerance
  let cases: [Case]

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

  /// Where two tensors are further apart than `tolerance`, in words; nil if nowhere.
  static func difference(
    _ actual: [Double], _ expected: [Double], tolerance: Double
  ) -> String? {
    guard actual.count == expected.count else {
      return "has \(actual.count) items instead of \(expected.count)"
    }
    for (index, pair) in zip(actual, expected).enumerated() {
      let (actual, expected) = pair
      let isSame = actual == expected || (actual.isNaN && expected.isNaN)
      // Written so that NaN against a number is a difference too.
      if !isSame && !(abs(actual - expected) <= tolerance) {
        return "item \(index) is \(actual) instead of \(expected), tolerance \(tolerance)"
      }
    }
    return nil
  }

  private static func items<Item: Numeric>(of type: Item.Type, in data: Data) -> [Item] {
    var items = [Item](repeating: 0, count: data.count / MemoryLayout<Item>.stride)
    _ = items.withUnsafeMutableBytes { data.copyBytes(to: $0) }
    return items
  }
}
