"""Lip sync, measured: what a decoded video shows, against when its phonemes are heard.

Nothing here reads the curves that drew the mouth. `subject` says what a video is made of (who speaks what when, and where a
face is at rest), `watch` finds the mouth in every decoded frame, `listen` finds where the sound is silent and by how much it
is late, `score` and `shapes` compare, `review` puts it all together, `picture` draws it.
"""
