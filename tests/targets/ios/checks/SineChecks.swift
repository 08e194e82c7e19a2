// The typed side of the model y = sin(x), whose tensors are int8.
import XCTest

@testable import Sine

private let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CHECKS"]!)
  .appendingPathComponent("Sine")

final class SineRunChecks: XCTestCase {
  private struct Table: Decodable {
    let x: [Float]
    let y: [Float]
  }

  private func sine(_ x: Float, _ model: SineModel) throws -> [Float] {
    SineModel.dequantizeY(try model.run(x: SineModel.quantizeX([x])))
  }

  func testRun() throws {
    let file = folder.appendingPathComponent("predict.json")
    let table = try JSONDecoder().decode(Table.self, from: Data(contentsOf: file))
    XCTAssertFalse(table.x.isEmpty)
    let model = try SineModel()
    for (x, y) in zip(table.x, table.y) {
      XCTAssertEqual(try sine(x, model), [y], "x = \(x)")
    }
    XCTAssertEqual(try sine(.infinity, model), try sine(1e30, model))
    XCTAssertThrowsError(try SineModel.quantizeX([.nan])) {
      XCTAssertEqual($0 as? SineError, .input("x holds NaN"))
    }
    XCTAssertThrowsError(try model.run(x: [0, 0])) {
      XCTAssertEqual($0 as? SineError, .input("x takes 1 items, not 2"))
    }
  }

  func testActor() async throws {
    let model = SineModelActor(try SineModel())
    let answer = try await model.run(x: [17])
    XCTAssertEqual(answer, try model.model.run(x: [17]))
  }

  func testModelsThatDoNotLoad() throws {
    for (name, step) in [
      ("absent.tflite", "load the model"),
      ("garbage.tflite", "load the model"),
      ("unknown_operator.tflite", "allocate the model's tensors"),
    ] {
      let path = folder.appendingPathComponent(name).path
      XCTAssertThrowsError(try Runner(modelPath: path, accelerator: .cpu, threads: 1), name) {
        XCTAssertEqual($0 as? SineError, .runtime(step), name)
        XCTAssertEqual(
          $0.localizedDescription, "TensorFlow Lite cannot \(step); its log on stderr tells why")
      }
    }
  }

  /// A copy of the model may lie anywhere, and nothing else.
  func testModelFile() throws {
    let own = URL(fileURLWithPath: try ModelFile.path(nil))
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent("copy.tflite")
    defer { try? FileManager.default.removeItem(at: copy) }
    var data = try Data(contentsOf: own)
    try data.write(to: copy)
    XCTAssertEqual(try SineModel(modelFile: copy).run(x: [17]), try SineModel().run(x: [17]))
    data[data.count - 1] ^= 1
    try data.write(to: copy)
    XCTAssertThrowsError(try SineModel(modelFile: copy)) {
      XCTAssertEqual($0 as? SineError, .input("copy.tflite is not the model of Sine"))
    }
    try FileManager.default.removeItem(at: copy)
    XCTAssertThrowsError(try SineModel(modelFile: copy)) {
      XCTAssertEqual($0 as? SineError, .resource("copy.tflite"))
    }
  }

  /// What this machine computes itself, for lack of CryptoKit; see NIST's examples.
  func testSHA256() {
    func hash(_ parts: String...) -> String {
      var hash = PortableSHA256()
      for part in parts { hash.update(Data(part.utf8)) }
      return hash.digest()
    }
    XCTAssertEqual(hash(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    XCTAssertEqual(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    XCTAssertEqual(
      hash("abcdbcdecdefdefgefghfghighijhijkijkl", "jklmklmnlmnomnopnopq"),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    XCTAssertEqual(
      hash(String(repeating: "a", count: 1_000_000)),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// What is not linked is told, and the CPU works.
  func testAcceleratorsThatAreNotLinked() throws {
    for (accelerator, library) in [
      (SineModel.Accelerator.coreML, "TensorFlowLiteCCoreML"), (.metal, "TensorFlowLiteCMetal"),
    ] {
      let model = try SineModel(accelerator: accelerator)
      XCTAssertEqual(model.accelerator, .cpu)
      let reason = try XCTUnwrap(model.fallbackReason)
      XCTAssert(reason.hasPrefix("\(library) is not linked: "), reason)
      XCTAssertEqual(try model.run(x: [17]), try SineModel().run(x: [17]))
    }
    XCTAssertNil(try SineModel().fallbackReason)
  }
}
