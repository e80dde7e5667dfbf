"""lipsync: a face that speaks one segment.

- request: `fps`, `frames` (length of the segment), `lead` (frames before the take starts), `take` (JSON of `model.Take`),
  `emotion`, `sync_strength` (0..1.2), `seed`
- inputs: `sound` (the cleaned take) and `rig` for backends that look at them; `viseme` uses `sound` for loudness
- files: `curves` (curves.json, below)
- facts: `frames`

curves.json: `{"fps", "frames", "curves": {name: [one number a frame]}}`, numbers rounded to 4 decimals, every curve at rest
(its value in brackets) in the first and the last frame, so that segments join without a jump:

mouth
- `open` 0..1 (0): gap between the lips; 1 is as wide as the style's mouth goes
- `width` -1..1 (0): -1 drawn together as in "oo", 1 spread as in "ee"
- `round` 0..1 (0): rounded, lips forward
- `tuck` 0..1 (0): lower lip under the upper teeth (f, v)
- `press` 0..1 (0): lips pressed shut (p, b, m); at 1 the mouth is shut whatever `open` says
- `teeth` 0..1 (0): how much the upper teeth show when the mouth is open
- `tongue` 0..1 (0): 0.5 behind the teeth (l, n, d, t), 1 between them (th)
- `smile` -1..1 (the emotion's rest): corners of the mouth
eyes and brows
- `blink` 0..1 (0): 1 is shut
- `gaze_x`, `gaze_y` -1..1 (0): 1 is to the viewer's right, and up
- `brow` -1..1 (the emotion's rest): raised or lowered
head (on top of the idle sway that render adds)
- `nod` -1..1 (0): 1 is chin down by the style's full nod
- `tilt` -1..1 (0): roll, 1 is 4 degrees clockwise as the viewer sees it
- `turn` -1..1 (0): slight parallax turn to the viewer's right
"""
