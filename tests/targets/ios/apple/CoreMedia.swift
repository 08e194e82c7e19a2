// Declarations of Apple's CoreMedia as far as the generated code uses it, for the compiler on Linux.
// https://developer.apple.com/documentation/coremedia/cmsamplebuffer
@_exported import CoreVideo

public final class CMSampleBuffer {}

public func CMSampleBufferGetImageBuffer(_ buffer: CMSampleBuffer) -> CVImageBuffer? {
  fatalError()
}
