            val preprocessor = Preprocessor(table, runner.inputs[0])
