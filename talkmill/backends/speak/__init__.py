"""speak: one utterance, spoken.

- request: `text`, `language`, the voice's options from the YAML (without `backend`), `seed`
- inputs: `recording` for `recording` (whose request has `start`, `end` and `sung` and no `seed`); `model` and `model_config` where the user's own voice files are used
- files: `sound` (48 kHz mono s16 WAV, silence at the ends as the engine leaves it), `times` (JSON of `model.Take`)
- facts: `samples` (at 48 kHz)

Times are exact: `times` counts samples of `sound`, and its words, joined, are the words of `text` in order.
"""
