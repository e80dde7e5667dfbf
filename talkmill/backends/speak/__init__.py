"""speak: one utterance, spoken.

- request: `text`, `language`, the voice's options from the YAML (without `backend`), `seed`
- inputs: `model` and `model_config` where the user's own voice files are used; `recording` for `recording`, whose request has
  `start`, `end` and `sung` (seconds, seconds, flag) and no `seed`
- files: `sound` (48 kHz mono s16 WAV, with 0.1 s of silence before the first sound and 0.15 s after the last),
  `times` (JSON of `model.Take`)
- `cannot(options, language, settings)` of the class, cheap: why such a voice does not speak the language, or None; `settings`
  is what a voice file's .onnx.json holds. It is asked when the specs are read and again in `run`
- facts: `samples` (at 48 kHz); of `elevenlabs` also `times`, `match` and `because`, as its class says

Times are exact: `times` counts samples of `sound`, and its words, joined, are the words of `text` in order
(without directions in brackets, where a model knows them).
"""
