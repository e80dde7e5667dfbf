"""clean: one take, made fit for a master. Same length, same time, to the sample.

- request: `level` (LUFS a take is brought to; default -18), `highpass` (Hz; default 80)
- inputs: `sound` (48 kHz mono WAV)
- files: `sound` (48 kHz mono s16 WAV of the same number of samples)
- facts: `samples`, `loudness` (LUFS before), `gain` (dB)
"""
