"""inspect: whether a picture or a clip can be made to talk, and where its faces are.

- request: `still` (whether the clip was made of one image), `face` (`left`, `right`, a number from the left, 1 first, or null:
  there is one), `mouth_box` ([x, y, width, height] as fractions of the clip, or null: for faces that no detector finds),
  `sync_strength`, `clip`, the facts of the clip's making, and of a still `cut` ({`scale`, `corner`}: how `idle` cut it; or
  null)
- inputs: `frames` (of `animate`), and of a still `image` (of `portray`), on which its quality is measured
- files: `track` (track.npz, see `animate`)
- facts: `width`, `height`, `frames`, `faces` (how many), `face` (the number of the one that is meant, 0 first; null with a
  `mouth_box`), `box` ([x0, y0, x1, y1] of that face in pixels of the clip, median over time), `reach` (the same around all of
  its frames), `size` (pixels of the face as the user gave it), `yaw`, `pitch` (degrees; 95th percentile of their size),
  `avoid` ([[first, last]] frames in which the eyes are shut), `findings` ([{`severity`: note | warn | refuse, `text`}])

A finding is one line: *what was found (the number). What to change.* The stage says where: the user's file. Findings that
refuse are the job's error.
"""
