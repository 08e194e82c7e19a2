// Goes beside the generated tests of the package Digits: eight tasks on one instance for a while.
import XCTest

@testable import Digits

final class DigitsThreadsChecks: XCTestCase {
  func testEightTasksOnOneInstance() async throws {
    let environment = ProcessInfo.processInfo.environment
    let folder = URL(fileURLWithPath: environment["CHECKS"]!).appendingPathComponent("Digits/golden")
    let golden = try goldenCases(in: folder)
    let pictures = try golden.cases.map { sample in
      try golden.decode(folder.appendingPathComponent(sample.picture))
    }
    let classifier = DigitsClassifierActor(try DigitsClassifier())
    let expected = try pictures.map { try classifier.model.classify($0) }
    let end = Date(timeIntervalSinceNow: Double(environment["SECONDS"] ?? "20")!)
    let runs = try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<8 {
        group.addTask {
          var runs = 0
          while Date() < end {
            let place = (task + runs) % pictures.count
            // Half of them wait for their turn, the others block a thread.
            let answer =
              task % 2 == 0
              ? try await classifier.classify(pictures[place])
              : try classifier.model.classify(pictures[place])
            guard answer == expected[place] else { throw DigitsError.input("a wrong answer") }
            runs += 1
            // There are no more threads than cores, and each task has its turn.
            await Task.yield()
          }
          return runs
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    XCTAssertEqual(runs.count, 8)
    XCTAssertGreaterThan(runs.min() ?? 0, 0, "\(runs)")
  }
}
