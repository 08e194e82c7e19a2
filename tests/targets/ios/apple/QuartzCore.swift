// Declarations of Apple's QuartzCore as far as the generated code uses it, for the compiler on Linux.
// https://developer.apple.com/documentation/quartzcore/calayer
open class CALayer {
  public init() {}
}
