"""portray: what a character looks like.

- request: the portrait's options from the character's YAML, without `backend`: of `avatar` `style`, `seed`, `traits`; of
  `sheet` `mouths`, `twos`, `anchors`, `creator`, `licence`
- inputs: none for `avatar`; for `sheet` the drawings, by their names within the folder (`base.png`, `mouths/A.svg`)
- files: `rig` (rig.json), and one PNG a layer, named as the rig names them
- facts: `style`, `licence` (name, url, creator), `size` [w, h] of the rig's canvas in pixels; of `sheet` also `mouths`, the
  naming scheme
"""
