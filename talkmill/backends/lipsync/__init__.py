"""lipsync: a face that speaks one segment.

- request: `fps`, `frames` (length of the segment), `lead` (frames before the take starts), `take` (JSON of `model.Take`),
  `emotion`, `sync_strength` (0..1.2), `seed`; `viseme` also takes `shift` (ms, default 0: the curves are moved by that much
  against the take's times, negative is earlier)
- inputs: `sound` (the cleaned take) and `rig` for backends that look at them; `viseme` uses `sound` for loudness
- files: `curves` (curves.json, below)
- facts: `frames`; of `viseme` also `closures` (how many p, b, m), `closures_shut` (how many of them have a frame with shut
  lips) and `still` (share of the silent frames in which the mouth does not move)

curves.json: `{"fps", "frames", "curves": {name: [one number a frame]}}`, numbers rounded to 4 decimals, as the face is in the
frame's middle; every curve at rest (0) in the first and the last frame, so that segments join without a jump. An emotion's
smile and brow come and go within the segment:

mouth
- `open` 0..1: gap between the lips; 1 is as wide as the style's mouth goes
- `width` -1..1: -1 drawn together as in "oo", 1 spread as in "ee"
- `round` 0..1: rounded, lips forward
- `tuck` 0..1: lower lip under the upper teeth (f, v)
- `press` 0..1: lips pressed shut (p, b, m); at 1 the mouth is shut whatever `open` says
- `teeth` 0..1: how much the upper teeth show when the mouth is open
- `tongue` 0..1: 0.5 behind the teeth (l, n, d, t), 1 between them (th)
- `smile` -1..1: corners of the mouth
eyes and brows
- `blink` 0..1: 1 is shut
- `gaze_x`, `gaze_y` -1..1: 1 is to the viewer's right, and up
- `brow` -1..1: raised or lowered
head (on top of the idle sway that render adds)
- `nod` -1..1: 1 is chin down by the style's full nod
- `tilt` -1..1: roll, 1 is 4 degrees clockwise as the viewer sees it
- `turn` -1..1: slight parallax turn to the viewer's right
"""
