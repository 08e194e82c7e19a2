    /// The best classes, best first.
    let answers: [Answer]
