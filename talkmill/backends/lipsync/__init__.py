"""lipsync: a face that speaks one segment.

- request: `fps`, `frames` (length of the segment), `lead` (frames before the take starts), `take` (JSON of `model.Take`),
  `emotion`, `strength` (of the emotion, 0..1), `sync_strength` (0..1.2; 0.8 to 0.9 is realistic, 0.6 to 0.7 stylised, 1 the
  style's own full movement), `temporal_smoothing` (0..1), `seed`; `viseme` also takes `shift` (ms, default 0: the curves are
  moved by that much against the take's times, negative is earlier)
- inputs: `sound` (the cleaned take) and `rig` for backends that look at them; `viseme` uses `sound` for loudness
- files: `curves` (curves.json, below)
- facts: `frames`; of `viseme` also `closures` (how many p, b, m), `closures_shut` (how many of them have a frame with shut
  lips) and `still` (share of the silent frames in which the mouth does not move)

`listen` makes the face of somebody who listens: request `fps`, `frames`, `heard` ([[start, end]] of the stretches of speech
that are heard, in seconds from the segment's start), `emotion` and `strength` (of that line), `seed` (text); no inputs.

curves.json: `{"fps", "frames", "curves": {name: [one number a frame]}}`, numbers rounded to 4 decimals, as the face is in the
frame's middle; every curve at rest (0) in the first and the last frame, so that segments join without a jump. An
emotion's smile, brows and lids come and go within the segment. A curve that is not there is at rest:

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
- `lid` -1..1: 1 wide open, -1 narrowed
- `viewer` 0..1: in company, 0 looks at whom the face speaks or listens to (the picture knows where that is), 1 at the viewer;
  who speaks alone in the picture looks at the viewer
- `brow` -1..1: raised or lowered
- `inner` -1..1: inner ends of the brows: 1 raised (sad), -1 down and together (angry)
head (on top of the idle sway that render adds)
- `nod` -1..1: 1 is chin down by the style's full nod
- `tilt` -1..1: roll, 1 is 4 degrees clockwise as the viewer sees it
- `turn` -1..1: slight parallax turn to the viewer's right

**Of frames** (a character of photographs or clips: `warp`, and paid backends): the file is `frames` instead of `curves`.

- request: the keys of `viseme`, and `play` with `start` and `avoid`: how the clip is played under the line. `there_and_back`
  from its frame 0 to its frame 0, at rest at both ends, wherever the line stands; `through` from its frame `start`, on along
  the episode, there and back; `round` the same for a clip that ends as it begins, always forwards. At the frames in `avoid`
  ([[first, last]], shut eyes) `there_and_back` must not turn. `talkmill.media.frames.play(count, frames, fps, play, start,
  avoid)` gives the frame of the clip for each frame of the segment.
  `clip`, the facts of the clip's making (`frames`, `fps`, `width`, `height`); `face`, the number of the face in the track, from
  0 at the left; `mouth_box`, [x, y, width, height] as fractions of the picture, or null; `face_threshold` 0..1; `speaks`:
  false for who listens: then there is no `take`, no `lead` and no `sound`, and the mouth stays still
- inputs: `sound` (the cleaned take), `clip` (role `frames` of `animate`), `track` (role `track` of `inspect`)
- files: `frames`, as `talkmill.backends.animate` says: the clip's own size and `fps`, as many frames as the request says; and
  where the backend knows them `curves` (above), by which the cover is chosen
- facts: `frames`, `fps`, `width`, `height`; `without_face`, [[first, last]] of the segment's frames in which there was no face:
  they pass through as they are in the clip
"""
