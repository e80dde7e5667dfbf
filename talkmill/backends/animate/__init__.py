"""animate: a clip for a character of photographs, in which nobody speaks yet; once for all episodes.

- request: the options of the character's `animate` without `backend`; `fps` (of the project); of `idle` also `seed` and
  `shapes` (names of the formats that are rendered)
- inputs: of `idle` `image` (the making of `portray: file`); of `clip` `clip`, the user's video
- files: `frames` (below)
- facts: `frames`, `fps`, `width`, `height`; of `clip` also `source` (what the user's file was: `fps`, `width`, `height`,
  `seconds`, `codec`); `notes` (one line each: what was changed, as "turned by 90 degrees")

**frames**: lossless video, `talkmill.media.frames.Clip`: UtVideo in Matroska, 8-bit I420 in BT.709 limited range, both sides
even, constant frame rate `fps`, no sound. `Clip.of(path, facts).read(order)` gives its frames (uint8, h * 3 // 2 rows, w
columns), in any order and in flat memory; `frames.write(iterable, (width, height), fps, path)` makes one. Whoever changes a
part of a picture writes the other pixels as they were read: in the I420 planes, not by way of RGB.

**track** (made of a clip by `inspect`): `talkmill.media.faces.Track`, an .npz: `landmarks` (frames, faces, 468, 3) float32 in
pixels of the clip (MediaPipe's numbers; depth in the same unit, smaller is nearer), smoothed without lag, NaN where a face is
not there; `seen` (frames, faces) bool, found in this very frame; `pose` (frames, faces, 3) float32, yaw, pitch and roll in
degrees (yaw above 0 looks to the picture's right, pitch above 0 up, roll above 0 clockwise); `scene` (frames,) int32, number
of the shot of the clip. Faces are numbered from left to right as they first appear.
"""
