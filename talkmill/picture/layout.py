"""Where a character stands in the frame, and where the name goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from talkmill.picture.rig import Rig

HEADS = {"close": 0.40, "bust": 0.335, "wide": 0.25}
"""Height of the bare head (top of the skull to the chin) as a fraction of the frame's height, by framing."""


@dataclass(frozen=True)
class Layout:
    """A rig's place in a frame: a point p of the rig's canvas is at `p * scale + (x, y)`."""

    scale: float
    side: int  # the canvas in pixels of the frame
    x: int
    y: int


def captions_top(size: tuple[int, int], captions: Mapping[str, Any]) -> float:
    """Upper edge of two lines of captions, in pixels from the top."""
    width, height = size
    return captions["position"] * height - 2.4 * captions["size"] * min(width, height) / 1080


def place(rig: Rig, size: tuple[int, int], scene: Mapping[str, Any]) -> Layout:
    """The character as large as the framing says, its hair under the headroom, its chin above the captions.

    Where hair is so tall that the chin would reach into the captions, the character moves up into half of the headroom, and
    is made smaller when that is not enough.
    """
    width, height = size
    face = rig.face
    scale = HEADS[scene["framing"]] * height / (face["chin"] - face["skull"])
    top, lowest = scene["headroom"] * height, 0.62 * height
    captions = scene["captions"]
    if captions["show"] and captions["position"] > 0.4:
        lowest = captions_top(size, captions) - 0.012 * height
    tall = face["chin"] - face["top"]
    if top + tall * scale > lowest:
        top = max(lowest - tall * scale, 0.5 * top)
        scale = min(scale, max(lowest - top, 0.1 * height) / tall)
    side = max(64, round(rig.size[1] * scale))
    scale = side / rig.size[1]
    return Layout(scale, side, round(width / 2 - face["centre"][0] * scale), round(top - face["top"] * scale))
