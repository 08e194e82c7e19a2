// Goes beside the generated tests: runs the self-test on folders of golden cases. MODULE stands for its name.
import Foundation
import XCTest

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
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
      let golden = folder.appendingPathComponent(name)
      verdicts[name] = Verdict(
        cases: try Golden.read(from: golden).cases.map(\.name),
        failures: try SelfTest(folder: golden).failures())
    }
    try JSONEncoder().encode(verdicts).write(to: folder.appendingPathExtension("json"))
  }
}
