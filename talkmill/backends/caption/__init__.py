"""caption: words on time to cues and subtitle files.

- request: `fps`, `frames` (length of the episode), `language`, `words` [[text, start, end, utterance index]] in samples at
  48 kHz from the episode's start, `speakers` (one character id an utterance), `styles` {character id: resolved caption style},
  `formats` (names of the shapes to write an ASS file for)
- inputs: `font:<character id>`, the project's font file, where that style's `font` is no family that comes with Talkmill; `font`,
  one for all of them
- files: `srt`, `vtt`, and `ass-<format>` for each format; `fonts-<n>` the font files that are used
- facts: `cues` (count), `fonts` [{family, weight}] in the order of the files, `not_drawn` (emoji that are in the subtitle
  files and not in the picture)
"""
