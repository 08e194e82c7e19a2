import Foundation
import ImageIO
import PhotosUI
import SwiftUI

/// A photo of the library, upright. Nothing changes it, though its class does not say that it is
/// Sendable.
struct Photo: @unchecked Sendable, Identifiable {
  // One of 50 megapixels would take 200 MB.
  private static let mostPixelsASide = 2048

  let id = UUID()
  let image: CGImage

  /// Reads what the user has picked, smaller where it is large; nil where it is no picture.
  init?(_ item: PhotosPickerItem) async throws {
    let options =
      [
        kCGImageSourceCreateThumbnailFromImageAlways: true,
        kCGImageSourceCreateThumbnailWithTransform: true,
        kCGImageSourceThumbnailMaxPixelSize: Self.mostPixelsASide,
      ] as CFDictionary
    guard let data = try await item.loadTransferable(type: Data.self),
      let source = CGImageSourceCreateWithData(data as CFData, nil),
      let image = CGImageSourceCreateThumbnailAtIndex(source, 0, options)
    else { return nil }
    self.image = image
  }
}
