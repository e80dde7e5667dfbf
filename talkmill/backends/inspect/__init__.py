"""inspect: whether a picture or a clip can be made to talk, and where its faces are.

- request: `name` (what people call the source: the path of their file), `still` (whether the clip was made of one image),
  `face` (a number from 0, `left`, `right`, or null: there is one), `mouth_box` ([x, y, width, height] as fractions of the picture,
  or null: for faces that no detector finds), `face_threshold` (0..1), `sync_strength`
- inputs: `frames` (of `animate`), and `source`, the user's own file, for what is lost when it is decoded (JPEG damage)
- files: `track` (track.npz, see `animate`)
- facts: `width`, `height`, `frames`, `faces` (how many), `face` (the number that was chosen; null with a `mouth_box`), `box` ([x0, y0,
  x1, y1] in pixels, around that face in all frames), `yaw`, `pitch` (degrees, the 95th percentile of their size), `size` (pixels
  of the face, median, in the user's own file), `findings` ([{`severity`: note | warn | refuse, `text`}])

A finding is one line: *where: what was found (the number). What to change.* Findings that refuse are the job's error.
"""
