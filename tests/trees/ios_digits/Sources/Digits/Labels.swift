import Foundation

/// The labels, in the order of the model's classes: `own` are the model's, `shown` those of answers.
struct Labels {
  let own: [String]
  let shown: [String]

  init() throws {
    own = try Self.read("labels.json")
    shown = own
  }

  private static func read(_ file: String) throws -> [String] {
    let labels = try? JSONDecoder().decode([String].self, from: Assets.data(file))
    guard let labels, labels.count == 10 else { throw DigitsError.resource(file) }
    return labels
  }
}
