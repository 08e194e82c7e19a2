
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
