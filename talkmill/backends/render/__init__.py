"""render: picture, sound and captions to one publish-ready mp4.

- request: `format`, `fps`, `shots` [{character, start, frames}], `scenes` {character id: resolved scene, with `name`}, `seed`,
  `loudness`
- inputs: `master` (48 kHz WAV of the whole episode), `ass` (or none), `fonts-<n>`, `rig:<character>` and
  `layer:<character>:<name>` for each rig, `curves:<index>` one a segment, `background:<character>` where it is an image
- files: `video` (mp4), `cover` (JPEG)
- facts: `frames`, `fps`, `width`, `height`, `samples`, `loudness`, `true_peak`
"""
