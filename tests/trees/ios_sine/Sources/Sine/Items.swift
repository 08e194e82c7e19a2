import Foundation

/// Arrays of numbers as the bytes of a tensor, and back.
enum Items {
  static func data<Item>(of array: [Item]) -> Data {
    array.withUnsafeBytes { Data($0) }
  }

  static func array<Item: Numeric>(of type: Item.Type, in data: Data) -> [Item] {
    // Copied rather than bound: the bytes of a Data need not be aligned for Item.
    var array = [Item](repeating: 0, count: data.count / MemoryLayout<Item>.stride)
    _ = array.withUnsafeMutableBytes { data.copyBytes(to: $0) }
    return array
  }
}
