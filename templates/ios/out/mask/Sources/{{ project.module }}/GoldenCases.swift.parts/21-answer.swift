
  /// A class of a golden mask.
  struct Answer: Decodable {
    let label: String?
    let index: Int
  }

  /// How far answers may be from the golden ones.
  struct Agreement: Decodable {
    let overlap: Double
  }
