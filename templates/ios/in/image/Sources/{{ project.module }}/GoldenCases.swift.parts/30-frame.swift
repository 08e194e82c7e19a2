
  /// A frame of a camera, for which there is an input and no answer.
  struct Frame: Decodable {
    let name: String
    /// The file that its planes are in.
    let memory: String
    let format: String
    let width: Int
    let height: Int
    /// Where each begins, how many bytes it has, and how many a row.
    let planes: [[Int]]
    let orientation: Int
    /// Left, top, right and bottom.
    let region: [Int]?
    let inputs: [String]
  }
