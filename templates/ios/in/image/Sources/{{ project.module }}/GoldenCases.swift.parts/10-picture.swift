    /// The PNG that the input was made of.
    let picture: String
