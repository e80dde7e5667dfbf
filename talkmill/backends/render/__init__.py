"""render: picture, sound and captions to one publish-ready mp4.

- request: `format`, `fps`, `shots` [{cast (from left to right), start, frames}], `faces` [{curves (the name of an input),
  character, start, frames, speaks, towards (a character or null)}], `order` (all characters, from left to right), `scenes`
  {character id: resolved scene, with `name`}, `seed`, `loudness`; where somebody is a photograph or a clip `figures`
  {character id: {`width`, `height`, `box`}}, as `inspect` gives them: they are shown
  alone, or with others of the same clip, whose frames then show the same picture of it at the same time
- inputs: `master` (48 kHz WAV of the whole episode), `ass` (or none), `fonts-<n>`, `rig:<character>` and
  `layer:<character>:<name>` for each rig, `curves:<name>` one a face (or `frames:<name>`),
  `background:<character>` where it is an image
- files: `video` (mp4), `cover` (JPEG)
- facts: `frames`, `fps`, `width`, `height`, `samples`, `loudness`, `true_peak`
"""
