// Goes beside the generated tests of a package that takes no pictures; MODULE stands for its name.
import Foundation

@testable import MODULE

func goldenCases(in folder: URL) throws -> GoldenCases {
  try GoldenCases(folder: folder)
}
