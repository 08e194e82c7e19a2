            val preprocessor = Preprocessor(Tokenizer(vocabulary), runner.inputs)
