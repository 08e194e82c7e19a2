    /// The WAV file that the input was made of, and the sample at which its window starts.
    let sound: String
    let start: Int
