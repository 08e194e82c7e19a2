import Foundation

extension Runner {
  /// Copies the items of an array into an input.
  func write<Item>(_ items: [Item], into index: Int, named name: String) throws {
    let tensor = input(index)
    let count = tensor.count / MemoryLayout<Item>.size
    guard items.count == count else {
      throw SineError.input("\(name) takes \(count) items, not \(items.count)")
    }
    items.withUnsafeBytes { tensor.copyMemory(from: $0) }
  }
}

extension Session {
  /// Takes the inputs of a case from its files.
  func feed(_ sample: GoldenCases.Case, of golden: GoldenCases) throws -> [String] {
    for (index, file) in sample.inputs.enumerated() {
      let (data, tensor) = (try golden.data(file), runner.input(index))
      guard data.count == tensor.count else { throw SineError.resource(file) }
      data.withUnsafeBytes { tensor.copyMemory(from: $0) }
    }
    return []
  }
}
