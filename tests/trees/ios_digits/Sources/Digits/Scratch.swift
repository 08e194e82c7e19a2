/// Memory that is kept from one picture to the next, and grows where it has to.
final class Scratch<Item> {
  private var memory = UnsafeMutablePointer<Item>.allocate(capacity: 1)
  private var capacity = 1

  deinit { memory.deallocate() }

  /// Room for `count` items of a trivial type, which hold what was there before.
  func room(_ count: Int) -> UnsafeMutablePointer<Item> {
    if count > capacity {
      memory.deallocate()
      memory = .allocate(capacity: count)
      capacity = count
    }
    return memory
  }
}
