// The methods for pictures as Apple's frameworks hold them.

#if canImport(CoreGraphics)
  import CoreGraphics

  extension DigitsClassifier {
    /// The best classes for a picture, best first; of equal ones the one of the lower index first.
    public func classify(
      _ image: CGImage, orientation: Orientation = .up, region: Region? = nil,
      options: Options = Options()
    ) throws -> [Category] {
      try answer(options) {
        try $0.prepare(image, orientation: orientation, region: region, into: $1)
      }
    }
  }

  extension DigitsClassifierActor {
    /// The best classes for a picture, best first; of equal ones the one of the lower index first.
    public func classify(
      _ image: CGImage, orientation: DigitsClassifier.Orientation = .up,
      region: DigitsClassifier.Region? = nil,
      options: DigitsClassifier.Options = .init()
    ) throws -> [DigitsClassifier.Category] {
      try model.classify(
        image, orientation: orientation, region: region, options: options)
    }
  }
#endif

#if canImport(CoreVideo)
  import CoreVideo

  extension DigitsClassifier {
    /// The best classes for a camera frame, best first; of equal ones the one of the lower index first.
    ///
    /// - Parameters:
    ///   - frame: as a camera gives it.
    ///   - orientation: how it has to be turned; a back camera's is `.right` while the phone is held
    ///     upright, unless the capture connection already turns it.
    ///   - region: the part of the upright frame that is taken for the whole; nil for all of it.
    ///   - options: what the answer shall hold.
    public func classify(
      _ frame: CVPixelBuffer, orientation: Orientation = .up, region: Region? = nil,
      options: Options = Options()
    ) throws -> [Category] {
      try answer(options) {
        try $0.prepare(frame, orientation: orientation, region: region, into: $1)
      }
    }
  }

  extension DigitsClassifierActor {
    /// The best classes for a camera frame, best first; of equal ones the one of the lower index first.
    public func classify(
      _ frame: CVPixelBuffer, orientation: DigitsClassifier.Orientation = .up,
      region: DigitsClassifier.Region? = nil,
      options: DigitsClassifier.Options = .init()
    ) throws -> [DigitsClassifier.Category] {
      try model.classify(
        frame, orientation: orientation, region: region, options: options)
    }
  }

  extension DigitsClassifierStream {
    /// Takes a camera frame, for the next turn of the loop.
    public func send(
      _ frame: CVPixelBuffer, orientation: DigitsClassifier.Orientation = .up,
      region: DigitsClassifier.Region? = nil
    ) {
      send { [options] model in
        try model.classify(
          frame, orientation: orientation, region: region, options: options)
      }
    }
  }
#endif

#if canImport(UIKit)
  import UIKit

  extension DigitsClassifier {
    /// The best classes for a picture as it is shown, best first; of equal ones the one of the lower index first.
    public func classify(
      _ image: UIImage, region: Region? = nil, options: Options = Options()
    ) throws -> [Category] {
      try answer(options) {
        try $0.prepare(image, region: region, into: $1)
      }
    }
  }

  extension DigitsClassifierActor {
    /// The best classes for a picture as it is shown, best first; of equal ones the one of the lower index first.
    public func classify(
      _ image: UIImage, region: DigitsClassifier.Region? = nil,
      options: DigitsClassifier.Options = .init()
    ) throws -> [DigitsClassifier.Category] {
      try model.classify(image, region: region, options: options)
    }
  }
#endif
