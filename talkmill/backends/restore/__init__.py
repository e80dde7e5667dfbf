"""restore: the frames of one segment, with what lip sync did to the mouth put right as far as it is worse than the face around.

- request: `clip`, the facts of the segment's making (`frames`, `fps`, `width`, `height`), `source`, those of the
  clip under it, and `play`, `start` and `avoid`: how that clip was played (see `lipsync`); `face` and `mouth_box` as in
  `lipsync`
- inputs: `frames` (of `lipsync`), `clip` (role `frames` of `animate`, what lip sync was made on), `track` (of `inspect`)
- files: `frames`, as `talkmill.backends.animate` says, as long as they were
- facts: `frames`, `fps`, `width`, `height`; `blurred`, `steadied`, `sharpened`: how far each step was applied (0..1), and what
  was measured for it: `noise`, `flicker`, `sharpness` (each about the mouth against the clip's own at the same place; 1 is
  alike)

Scenes (drawn characters) are not restored: their stage passes on what lip sync made.
"""
