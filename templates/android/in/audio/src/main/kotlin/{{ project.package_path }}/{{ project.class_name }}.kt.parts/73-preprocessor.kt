            val preprocessor = Preprocessor(runner.inputs[0])
