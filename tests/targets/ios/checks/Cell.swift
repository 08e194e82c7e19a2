// Goes beside the generated tests: runs folders of golden cases through the model. MODULE and TYPE stand for its names.
import XCTest

@testable import MODULE

final class MODULECell: XCTestCase {
  /// What the self-test said.
  private struct Verdict: Encodable {
    let cases: [String]
    let failures: [String]
  }

  func testCell() throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CHECKS"]!)
      .appendingPathComponent("MODULE")
    var verdicts: [String: Verdict] = [:]
    let model = try TYPE()
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
      let golden = try goldenCases(in: folder.appendingPathComponent(name))
      verdicts[name] = Verdict(
        cases: golden.cases.map(\.name), failures: try model.differences(from: golden))
    }
    try JSONEncoder().encode(verdicts).write(to: folder.appendingPathExtension("json"))
  }
}
