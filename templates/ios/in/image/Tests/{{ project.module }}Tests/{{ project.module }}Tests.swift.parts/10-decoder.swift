    try XCTSkipUnless(
      GoldenCases.decodesPictures, "ImageIO, which decodes the golden pictures, is Apple's")
