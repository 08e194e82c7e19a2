        failures += GoldenCases(::read, "frames").differences(GoldenFrames(context.assets)::differences)
