"""What a face does besides speaking: blinks, gaze, brows, nods, and a head that is not bolted down."""

from __future__ import annotations

import numpy as np

from talkmill.backends.lipsync.mouth import Curves


def gesture_curves(frames: int) -> Curves:
    """Still, for now."""
    return {name: np.zeros(frames) for name in ("blink", "gaze_x", "gaze_y", "brow", "nod", "tilt", "turn")}
