"""speak: one utterance, spoken.

- request: `text`, `language`, the voice's options from the YAML (without `backend`), `seed`
- inputs: `model` and `model_config` where the user's own voice files are used
- files: `sound` (48 kHz mono s16 WAV, silence at the ends as the engine leaves it), `times` (JSON of `model.Take`)
- `cannot(options, language, settings)` of the class, cheap: why a voice with these options does not speak the language, or
  None; `no_such(options, settings)`, where a voice can be misnamed: why there is none, and what there is. `settings` is what
  the .onnx.json of a voice file holds. Both are asked when the specs are read, and again in `run`
- facts: `samples` (at 48 kHz)

Times are exact: `times` counts samples of `sound`, and its words, joined, are the words of `text` in order.
"""
