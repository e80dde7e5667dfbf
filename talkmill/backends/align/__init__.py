"""align: when each word and phoneme of a recording is heard.

- request: `text`, `language` (BCP 47; any that espeak-ng speaks), `sung` (default false)
- inputs: `sound` (48 kHz mono s16 WAV)
- files: `times` (JSON of `model.Take`)
- facts: `samples`, `match` (0..1, how well the recording fits the text), `words` [[word, start s, end s, match 0..1]]

Two aligners: `sphinx` (pocketsphinx's English model, given every language's phonemes as the nearest English ones) and
`synthesis` (the text spoken by espeak-ng, warped onto the recording). `speak: recording` asks the first, and the second where
the first refuses; `talkmill.backends.align.aligning` is what they share.
"""
