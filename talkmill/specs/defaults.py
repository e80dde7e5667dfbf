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

SCENE: dict[str, Any] = {"framing": "bust", "headroom": 0.16}
"""Without `background`, which depends on the character, and the two groups above."""

_LOOKS = (
    ("#2B3A67", "#121A33", "#4C63A6"),  # dusk blue
    ("#1F4E4A", "#0C2423", "#37847C"),  # deep teal
    ("#5B3457", "#26132B", "#935A8B"),  # plum
    ("#6B3A2E", "#2A1512", "#A8634F"),  # terracotta
    ("#3F4A2A", "#191F10", "#718349"),  # olive
    ("#394252", "#171B24", "#66738B"),  # slate
)
"""Top, bottom and accent: dark enough for white captions, the accent a step lighter so that the head stands out."""


def background(character: str) -> dict[str, Any]:
    """The background of a character that has none: one of a few quiet gradients, always the same for the same id."""
    top, bottom, accent = _LOOKS[hashlib.sha256(character.encode()).digest()[0] % len(_LOOKS)]
    return {"colour": None, "gradient": {"colours": [top, bottom], "angle": 180.0}, "image": None, "accent": accent}
