import Foundation

/// How loud samples of -1 to 1 are.
struct Loudness: Equatable {
  /// In decibels, of which the loudest sound there can be has 0.
  let decibels: Float

  init(of samples: [Float]) {
    let squares = samples.reduce(0) { $0 + $1 * $1 }
    let mean = samples.isEmpty ? 0 : squares / Float(samples.count)
    // Below that is nothing but the noise of the microphone.
    decibels = 10 * log10(max(mean, 1e-9))
  }

  /// From 0, a quiet room, to 1.
  var share: Float { max(0, min(decibels / 60 + 1, 1)) }
}
