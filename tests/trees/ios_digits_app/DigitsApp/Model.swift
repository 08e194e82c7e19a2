import Digits

// The package's types, as the app calls them.
typealias Model = DigitsClassifier
typealias ModelActor = DigitsClassifierActor
typealias Answer = [DigitsClassifier.Category]
