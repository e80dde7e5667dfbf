"""portray: what a character looks like.

- request: the portrait's options from the character's YAML (`style`, `seed`, `traits`), without `backend`
- inputs: none for `avatar`
- files: `rig` (rig.json), and one PNG a layer, named as the rig names them
- facts: `style`, `licence` (name, url, creator), `size` [w, h] of the rig's canvas in pixels
"""
