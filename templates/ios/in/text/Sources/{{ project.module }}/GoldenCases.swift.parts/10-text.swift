    let text: String
