
  /// A pose of a golden answer.
  struct Answer: Decodable {
    let score: Double
    let keypoints: [Point]
  }

  struct Point: Decodable {
    let name: String
    let x: Double
    let y: Double
    let score: Double
  }

  /// How far answers may be from the golden ones.
  struct Agreement: Decodable {
    /// A share of the picture's longer side.
    let distance: Double
    let score: Double
  }
