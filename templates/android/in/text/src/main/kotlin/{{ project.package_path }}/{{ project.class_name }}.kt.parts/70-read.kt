            val vocabulary = JSONObject(assets.open("$ASSETS/vocabulary.json").use { it.readBytes().decodeToString() })
