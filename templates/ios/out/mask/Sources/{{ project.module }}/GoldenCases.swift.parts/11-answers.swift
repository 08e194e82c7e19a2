    /// The PNG of the golden mask, and the classes in it.
    let mask: String
    let answers: [Answer]
