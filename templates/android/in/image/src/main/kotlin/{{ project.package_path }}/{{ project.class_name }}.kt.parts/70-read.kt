            val table = assets.open("$ASSETS/input_table.bin").use { it.readBytes() }
