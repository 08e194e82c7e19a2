import Foundation

/// The golden cases in a folder: inputs, and what the reference runtime answered to them.
struct GoldenCases {
  /// A case of cases.json.
  struct Case: Decodable {
    let name: String
    /// The PNG that the input was made of.
    let picture: String
    /// The best classes, best first.
    let answers: [Answer]
    /// Files of raw tensors; nil for an output that is not compared.
    let inputs: [String]
    let outputs: [String?]
  }

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
  }

  /// How an input is kept.
  struct Input: Decodable {
    /// The files hold every `stride`-th item.
    let stride: Int
  }

  /// A class of a golden answer.
  struct Answer: Decodable {
    let label: String
    let index: Int
    let score: Double
  }

  /// How far answers may be from the golden ones.
  struct Agreement: Decodable {
    let score: Double
  }

  /// A frame of a camera, for which there is an input and no answer.
  struct Frame: Decodable {
    let name: String
    /// The file that its planes are in.
    let memory: String
    let format: String
    let width: Int
    let height: Int
    /// Where each begins, how many bytes it has, and how many a row.
    let planes: [[Int]]
    let orientation: Int
    /// Left, top, right and bottom.
    let region: [Int]?
    let inputs: [String]
  }

  /// Decodes the golden PNGs.
  var decode = Self.decodePicture

  /// The content of cases.json.
  private struct Document: Decodable {
    let inputs: [Input]
    let outputs: [Rule?]
    let agreement: Agreement
    let cases: [Case]
    let frames: [Frame]?
  }

  let folder: URL
  private let document: Document

  var cases: [Case] { document.cases }
  var frames: [Frame] { document.frames ?? [] }
  var agreement: Agreement { document.agreement }

  init(folder: URL) throws {
    self.folder = folder
    let data = try Data(contentsOf: folder.appendingPathComponent("cases.json"))
    document = try JSONDecoder().decode(Document.self, from: data)
  }

  /// The content of a file beside cases.json.
  func data(_ file: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(file))
  }
}

extension GoldenCases {
  /// In what the inputs that were written are not those of the files of a case, bit by bit.
  func inputDifferences(of runner: Runner, from files: [String]) throws -> [String] {
    let differences = try [
      inputDifference(0, of: runner, from: files, as: Int8.self)
    ]
    return differences.compactMap { $0 }
  }

  private func inputDifference<Item>(
    _ index: Int, of runner: Runner, from files: [String], as type: Item.Type
  ) throws -> String? {
    let (golden, actual) = (try data(files[index]), runner.input(index))
    let (size, stride) = (MemoryLayout<Item>.size, document.inputs[index].stride)
    guard golden.count == Self.kept(of: actual.count / size, stride) * size else {
      return "input \(index) has another number of items"
    }
    let isSame = golden.enumerated().allSatisfy { offset, byte in
      byte == actual[offset / size * size * stride + offset % size]
    }
    return isSame ? nil : "input \(index) is another tensor"
  }
}

extension GoldenCases {
  /// In what the outputs of a run are not those of a case.
  func outputDifferences(of runner: Runner, from sample: Case) throws -> [String] {
    let differences = try [
      outputDifference(0, "probability", of: runner, from: sample) { (item: Int8) in
        Double(item)
      }
    ]
    return differences.compactMap { $0 }
  }

  private func outputDifference<Item>(
    _ index: Int, _ name: String, of runner: Runner, from sample: Case,
    _ number: (Item) -> Double
  ) throws -> String? {
    // Nil where a ranking decides the order of the items, which then is no fact to compare.
    guard let rule = document.outputs[index], let file = sample.outputs[index] else { return nil }
    let (golden, output, size) = (try data(file), runner.output(index), MemoryLayout<Item>.size)
    let kept = Self.kept(of: output.count / size, rule.stride)
    guard golden.count == kept * size else {
      return "output \(name) has \(kept) items to compare instead of \(golden.count / size)"
    }
    let allowed = rule.counts ?? rule.absolute ?? 0
    let off = golden.withUnsafeBytes { golden in
      (0..<kept).filter { item in
        let expected = number(golden.loadUnaligned(fromByteOffset: item * size, as: Item.self))
        let actual = number(output.load(fromByteOffset: item * size * rule.stride, as: Item.self))
        let isSame = actual == expected || (actual.isNaN && expected.isNaN)
        // Written so that NaN against a number is a difference too.
        return !isSame && !(abs(actual - expected) <= allowed)
      }
    }
    guard let first = off.first, off.count > rule.items else { return nil }
    return "output \(name) is off by more than \(allowed) in \(off.count) of \(kept) items, first "
      + "in item \(first * rule.stride)"
  }

  /// How many items are kept where every `stride`-th is.
  private static func kept(of count: Int, _ stride: Int) -> Int {
    (count + stride - 1) / stride
  }
}
