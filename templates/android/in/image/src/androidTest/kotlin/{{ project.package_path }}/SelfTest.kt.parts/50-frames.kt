        failures += GoldenCases("frames", ::read).differences(GoldenFrames(context.assets)::differences)
