    let answers: [Answer]
