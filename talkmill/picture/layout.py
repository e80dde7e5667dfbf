"""Where a character stands in the frame, and where the name goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
    top, lowest = scene["headroom"] * height, lowest_chin(size, scene)
    tall = face["chin"] - face["top"]
    if top + tall * scale > lowest:
        top = max(lowest - tall * scale, 0.5 * top)
        scale = min(scale, max(lowest - top, 0.1 * height) / tall)
    side = max(64, round(rig.size[1] * scale))
    scale = side / rig.size[1]
    return Layout(scale, side, round(width / 2 - face["centre"][0] * scale), round(top - face["top"] * scale))


COMPANY = {1: (0.5,), 2: (0.265, 0.735), 3: (0.19, 0.5, 0.81)}
"""Middles of the heads of one, two or three characters, as fractions of the frame's width."""
LARGEST = {"vertical": {2: 0.235, 3: 0.165}, "other": {2: 0.30, 3: 0.26}}
"""Height of a bare head in company at most, as a fraction of the frame's height."""
RAISED = 0.10
"""How much higher, in heads, who stands in the middle of three has their head: they stand behind."""


def group(rigs: Sequence[Rig], size: tuple[int, int], scenes: Sequence[Mapping[str, Any]]) -> list[Layout]:
    """The places of several characters side by side: heads of one size, chins at one height, hair clear of each other.

    A single character stands as `place` says.
    """
    if len(rigs) == 1:
        return [place(rigs[0], size, scenes[0])]
    width, height = size
    count = len(rigs)
    most = LARGEST["vertical" if height > width else "other"][count]
    tall = [rig.face["chin"] - rig.face["skull"] for rig in rigs]
    room = 0.98 * width / count if height > width else 0.8 * width / count
    head = min(
        most * height, *(1.06 * room * one / (_hair(rig)[1] - _hair(rig)[0]) for rig, one in zip(rigs, tall, strict=True))
    )
    scales = [head / one for one in tall]
    lowest = min(lowest_chin(size, scene) for scene in scenes)
    above = [(rig.face["chin"] - rig.face["top"]) * scale for rig, scale in zip(rigs, scales, strict=True)]
    raised = [RAISED * head if count == 3 and index == 1 else 0.0 for index in range(count)]
    top = max(scene["headroom"] for scene in scenes) * height
    chin = max(top + rise + one for one, rise in zip(above, raised, strict=True))
    # A small group stands lower than one face would: its middle is where a single face has its own.
    chin = min(max(chin, 0.475 * height), lowest)
    if chin - max(above) < 0.5 * top:
        head *= (chin - 0.5 * top) / max(above)
        scales = [head / one for one in tall]
    middles = COMPANY[count]
    spread = 1.0 if height > width else 0.72
    made = []
    for rig, scale, middle, rise in zip(rigs, scales, middles, raised, strict=True):
        side = max(64, round(rig.size[1] * scale))
        scale = side / rig.size[1]
        x = width * (0.5 + (middle - 0.5) * spread)
        y = chin - rise - rig.face["chin"] * scale
        left, right = _hair(rig)
        centre = 0.5 * rig.face["centre"][0] + 0.25 * (left + right)  # a face that is turned is not the middle of its head
        made.append(Layout(scale, side, math.floor(x - centre * scale), round(y)))
    return made


def _hair(rig: Rig) -> tuple[float, float]:
    """Left and right edge of all that moves with the head, in pixels of the rig."""
    boxes = [layer.box for layer in rig.layers if layer.part not in ("body", "mouth")]
    return min(box[0] for box in boxes), max(box[0] + box[2] for box in boxes)


def lowest_chin(size: tuple[int, int], scene: Mapping[str, Any]) -> float:
    """How far down a chin may be."""
    captions = scene["captions"]
    if captions["show"] and captions["position"] > 0.4:
        return captions_top(size, captions) - 0.012 * size[1]
    return 0.62 * size[1]
