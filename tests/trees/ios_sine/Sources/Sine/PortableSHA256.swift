#if !canImport(CryptoKit)
  import Foundation

  /// SHA-256 as FIPS 180-4 has it, for platforms without CryptoKit.
  struct PortableSHA256 {
    private var state = Self.fractions(of: 8, root: 2)
    private var pending: [UInt8] = []
    private var byteCount: UInt64 = 0

    private static let constants = fractions(of: 64, root: 3)

    mutating func update(_ data: Data) {
      byteCount += UInt64(data.count)
      pending += data
      let whole = pending.count / 64 * 64
      for start in stride(from: 0, to: whole, by: 64) { mix(pending[start..<start + 64]) }
      pending.removeFirst(whole)
    }

    /// The hash of all that was given, in hexadecimal digits.
    mutating func digest() -> String {
      let bits = byteCount * 8
      update(Data([0x80] + [UInt8](repeating: 0, count: (119 - pending.count) % 64)))
      update(Data((0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }))
      return state.map { word in
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
      }.joined()
    }

    private mutating func mix(_ block: ArraySlice<UInt8>) {
      var words = (0..<16).map { word in
        (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[block.startIndex + 4 * word + $1]) }
      }
      for index in 16..<64 {
        let (early, late) = (words[index - 15], words[index - 2])
        let first = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
        let second = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
        words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
      }
      var (a, b, c, d) = (state[0], state[1], state[2], state[3])
      var (e, f, g, h) = (state[4], state[5], state[6], state[7])
      for index in 0..<64 {
        let choice = (e & f) ^ (~e & g)
        let sum = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
        let first = h &+ sum &+ choice &+ Self.constants[index] &+ words[index]
        let majority = (a & b) ^ (a & c) ^ (b & c)
        let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
        (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
      }
      for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
    }

    private func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 {
      word >> bits | word << (32 - bits)
    }

    /// The first 32 bits behind the point of the square or cube roots of the first primes.
    private static func fractions(of count: Int, root: Int) -> [UInt32] {
      let primes = (2...).lazy.filter { number in
        (2..<number).allSatisfy { number % $0 != 0 }
      }
      return primes.prefix(count).map { prime in
        let value = root == 2 ? Double(prime).squareRoot() : cbrt(Double(prime))
        return UInt32((value - value.rounded(.down)) * 4_294_967_296)
      }
    }
  }
#endif
