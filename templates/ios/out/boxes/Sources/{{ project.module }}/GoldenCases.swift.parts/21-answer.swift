
  /// A detection of a golden answer.
  struct Answer: Decodable {
    let label: String?
    let index: Int
    let score: Double
    /// Left, top, right and bottom.
    let box: [Double]
  }

  /// How far answers may be from the golden ones.
  struct Agreement: Decodable {
    let score: Double
    let threshold: Double
    let overlap: Double
  }
