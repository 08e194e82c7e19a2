// Declarations of Apple's PhotosUI and CoreTransferable as far as the generated code uses them, for the compiler on
// Linux.
import Foundation
import SwiftUI

// https://developer.apple.com/documentation/coretransferable/transferable
public protocol Transferable {}
extension Data: Transferable {}

// https://developer.apple.com/documentation/photosui/phpickerfilter
public struct PHPickerFilter: Equatable, Hashable, Sendable {
  public static let images = PHPickerFilter()
}

// https://developer.apple.com/documentation/photosui/photospickeritem
public struct PhotosPickerItem: Equatable, Hashable, @unchecked Sendable {
  public func loadTransferable<T: Transferable>(type: T.Type) async throws -> T? { fatalError() }
}

// https://developer.apple.com/documentation/photosui/photospicker
@MainActor @preconcurrency public struct PhotosPicker<Label: View>: View {
  public init(
    selection: Binding<PhotosPickerItem?>, matching filter: PHPickerFilter? = nil,
    @ViewBuilder label: () -> Label
  ) { fatalError() }
  public var body: some View { EmptyView() }
}
