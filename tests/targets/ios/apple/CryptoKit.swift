// Declarations of Apple's CryptoKit as far as the generated code uses it, for the compiler on Linux.
import Foundation

public struct SHA256Digest: Sequence {
  public func makeIterator() -> Array<UInt8>.Iterator { fatalError() }
}

public enum SHA256 {
  public static func hash<D: DataProtocol>(data: D) -> SHA256Digest { fatalError() }
}
