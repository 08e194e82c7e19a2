import SwiftUI

/// What the model says, and how long that took.
struct Timed: Sendable {
  let answer: Answer
  let milliseconds: Double
}

/// The model: made anew where another accelerator is asked for, and used on its actor, off the main
/// thread.
@MainActor
final class ModelHolder: ObservableObject {
  enum State {
    case loading
    case ready(ModelActor)
    case failed(String)
  }

  @Published private(set) var state = State.loading
  /// How many models there were: what one has answered, the next is asked again.
  @Published private(set) var generation = 0
  /// What the model shall run on.
  @Published var asked = Model.Accelerator.cpu
  @Published var options = Model.Options()

  /// Makes the model for the accelerator that is asked for.
  func load() async {
    state = .loading
    let asked = asked
    let made = await Task.detached(priority: .userInitiated) {
      Result { try Model(accelerator: asked) }
    }.value
    // Meanwhile another one may have been asked for.
    guard !Task.isCancelled else { return }
    switch made {
    case .success(let model):
      state = .ready(ModelActor(model))
      generation += 1
    case .failure(let error):
      state = .failed(error.localizedDescription)
    }
  }

  /// What `work` gets from the model; nil while there is none.
  func ask(_ work: @escaping @Sendable (Model) throws -> Answer) async throws -> Timed? {
    guard case .ready(let model) = state else { return nil }
    return try await model.timed(work)
  }
}

extension ModelActor {
  /// On the actor: what waits for it to be free is not counted.
  fileprivate func timed(_ work: @Sendable (Model) throws -> Answer) throws -> Timed {
    let started = ContinuousClock.now
    let answer = try work(model)
    return Timed(answer: answer, milliseconds: (ContinuousClock.now - started) / .milliseconds(1))
  }
}
