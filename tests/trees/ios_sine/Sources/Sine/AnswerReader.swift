/// Reads the model's outputs, in C order.
struct AnswerReader {
  func read(_ runner: Runner) -> [Int8] {
    Array(runner.output(0).bindMemory(to: Int8.self))
  }
}
