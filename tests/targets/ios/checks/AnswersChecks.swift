// Goes beside the generated tests of a package that takes pictures; MODULE, TYPE and METHOD stand for its names.
import XCTest

@testable import MODULE

final class MODULEAnswersChecks: XCTestCase {
  /// Writes the answer for each picture beside it.
  func testAnswers() throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["CHECKS"]!)
      .appendingPathComponent("MODULE")
    let model = try TYPE()
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    for file in files where file.pathExtension == "rgb" {
      let answer = plain(try model.METHOD(read(file)))
      try JSONSerialization.data(withJSONObject: answer).write(to: file.appendingPathExtension("json"))
    }
  }

  /// An answer as JSON has it: objects by the names of their properties.
  private func plain(_ value: Any) -> Any {
    switch value {
    case let mask as [UInt8]: return mask.map { Int($0) }
    case let list as [Any]: return list.map(plain)
    case let number as Float: return Double(number)
    case let number as Int: return number
    case let text as String: return text
    case Optional<Any>.none: return NSNull()
    case Optional<Any>.some(let value) where Mirror(reflecting: value).children.isEmpty: return plain(value)
    default:
      let children = Mirror(reflecting: value).children
      return Dictionary(uniqueKeysWithValues: children.map { ($0.label!, plain($0.value)) })
    }
  }
}
