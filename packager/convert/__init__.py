"""From a Keras model or a SavedModel to a .tflite."""
