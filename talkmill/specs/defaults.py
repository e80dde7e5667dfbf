"""The built-in look: what a scene is where no file says otherwise. Reference and schemas read it too."""

from __future__ import annotations

import hashlib
from typing import Any

NAME_LINE: dict[str, Any] = {"show": True, "role": None, "colour": "#FFFFFF", "box": "#14161F"}

CAPTIONS: dict[str, Any] = {
    "show": True,
    "font": None,  # the caption backend's own family
    "size": 68,
    "colour": "#FFFFFF",
    "highlight": "#FFD23F",
    "outline": "#101014",
    "box": None,
    "position": 0.64,
}

LIPSYNC: dict[str, Any] = {"sync_strength": 1.0, "temporal_smoothing": 0.0}
FRAMES_LIPSYNC: dict[str, Any] = {**LIPSYNC, "face_threshold": 0.5}
"""Of characters that are photographs or clips."""

SCENE: dict[str, Any] = {"framing": "bust", "headroom": 0.16}
"""Without `background`, which depends on the character, and the two groups above."""

_LOOKS = (
    ("#4A63B8", "#1F2B61", "#7086D6"),  # evening blue
    ("#1F7A72", "#0F3A3D", "#4E9C90"),  # deep teal
    ("#8E4585", "#3D1B45", "#B573AB"),  # plum
    ("#A8405F", "#4A1730", "#CF7A93"),  # raspberry
    ("#4E7A3A", "#22391F", "#75985A"),  # leaf green
    ("#54657F", "#232B3A", "#8190A8"),  # slate
)
"""Top, bottom and accent: the accent is a step lighter so that the head stands out, and white text is readable on all three."""


def background(character: str) -> dict[str, Any]:
    """The background of a character that has none: one of a few quiet gradients, always the same for the same id."""
    top, bottom, accent = _LOOKS[hashlib.sha256(character.encode()).digest()[0] % len(_LOOKS)]
    return {"colour": None, "gradient": {"colours": [top, bottom], "angle": 180.0}, "image": None, "accent": accent}
