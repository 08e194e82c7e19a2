// Declarations of Apple's ImageIO as far as the generated code uses it, for the compiler on Linux.
@_exported import CoreGraphics
import Foundation

public typealias CFURL = URL
public typealias CFDictionary = [String: Any]

public final class CGImageSource {}

public func CGImageSourceCreateWithURL(_ url: CFURL, _ options: CFDictionary?) -> CGImageSource? {
  fatalError()
}

public func CGImageSourceCreateImageAtIndex(
  _ source: CGImageSource, _ index: Int, _ options: CFDictionary?
) -> CGImage? { fatalError() }
