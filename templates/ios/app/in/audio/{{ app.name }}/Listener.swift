/// Has the model hear blocks of sound, off the main thread.
actor Listener {
  private var stream: Model.SampleStream

  init(_ model: Model, options: Model.Options) throws {
    stream = try Model.SampleStream(model, options: options)
  }

  /// The windows that a block completes, and how many milliseconds one of them took.
  func hear(_ samples: [Float]) throws -> (windows: [Model.Window], milliseconds: Double) {
    let started = ContinuousClock.now
    let windows = try stream.write(samples)
    let taken = (ContinuousClock.now - started) / .milliseconds(1)
    return (windows, taken / Double(max(windows.count, 1)))
  }
}
