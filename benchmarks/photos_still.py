"""Mouths of which it is known what they are: what a detector sees of one that is held still is its own noise, and how wide it
sees a rounded one says whether it follows lips at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.controls import MOUTH
from talkmill.backends.lipsync.warp import Faces
from talkmill.measure import filmed
from talkmill.measure.landmarks import UNIT, Detect
from talkmill.media import frames as film
from talkmill.picture.warp import fields
from talkmill.picture.warp.pose import poses

APART = 1.0
"""Seconds at both ends in which a smile goes and comes back."""


AT = (0, 15, 30, 45, 60)
"""Frames of the clip on which poses are put."""
POSES = {"shut": {"press": 1.0}, "oo": {"open": 0.22, "width": -0.84, "round": 0.89}}
"""Lips that meet, and the vowel of "moon", as the curves have them."""


@dataclass(frozen=True)
class Floor:
    """`still`: frames in which the mouth counts as still, as a share; `gap`, `width`: mm by which opening and width change
    from one frame to the next, 95th percentile; `shut`: frames in which the lips count as shut. `drawn`, `seen`: mm between the
    corners of the lips of each of `POSES`."""

    portrait: str
    detector: str
    still: float
    gap: float
    width: float
    shut: float
    drawn: tuple[float, ...]
    seen: tuple[float, ...]


def held(right: Mapping[str, Any], inputs: Mapping[str, Path], request: Mapping[str, Any]) -> dict[str, Any]:
    """A mouth that is shut all the time, under the same head."""
    frames = len(right["curves"]["open"])
    still = {name: [0.0] * frames for name in MOUTH}
    return {**right, "curves": {**right["curves"], **still, "press": [1.0] * frames}}


def widths(one: Any, request: Mapping[str, Any], detect: Detect) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """mm between the corners of the lips in each of `POSES`: as drawn on the portrait's clip, and as the detector sees them."""
    talker = Faces.of(one.clip, request, one.track).talkers[0]
    x, y, width, height = one.area
    drawn, seen = [], []
    for curves in POSES.values():
        still = {name: np.full(91, value) for name, value in {"open": 0.0, **curves}.items()}
        pose = poses(still, one.clip.fps, talker.look.teeth, talker.smile)[45]
        ends = fields.edges(talker.mouth(0, pose))[0]
        drawn.append(float(ends[-1] - ends[0]))
        found = []
        for number, picture in zip(AT, one.clip.read(AT), strict=True):
            made = picture.copy()
            talker.draw(made, number, pose)
            marks = detect(np.ascontiguousarray(film.rgb(made)[y : y + height, x : x + width]))
            found += [np.hypot(*(m.corners[1] - m.corners[0])) * UNIT / np.hypot(*(m.eyes[1] - m.eyes[0])) for m in marks[:1]]
        seen.append(float(np.median(found)) if found else float("nan"))
    return tuple(drawn), tuple(seen)


def floor(
    portrait: str, detector: str, found: filmed.Judged, spoken: filmed.Judged, fps: int,
    wide: tuple[tuple[float, ...], tuple[float, ...]],
) -> Floor:  # fmt: skip
    """`found` is of the held mouth; openings are against those of the same face while it speaks, `spoken`; `wide` are the
    `widths`."""
    part, real = found.followed[0], spoken.followed[0]
    edge = round(APART * fps)
    gap, width = part.gap[edge:-edge], part.width[edge:-edge]
    low, high = (np.nanpercentile(real.gap[edge:-edge], share) for share in (5, 95))
    span, usual = max(high - low, filmed.LEAST), np.nanmedian(width)
    steps = [np.abs(np.diff(values)) for values in (gap, width)]
    change = np.maximum(steps[0] / span, steps[1] / usual)
    return Floor(
        portrait, detector, float(np.mean(change <= filmed.LIMITS.moves)), *(float(np.nanpercentile(one, 95)) for one in steps),
        float(np.mean(np.maximum(gap - low, 0) / span <= filmed.LIMITS.closed)), *wide,
    )  # fmt: skip


def told(floors: list[Floor]) -> str:
    """The part of the page."""
    rows = []
    for one in floors:
        widths_ = " | ".join(f"{value:.0f}" for pair in zip(one.drawn, one.seen, strict=True) for value in pair)
        shares = f"{100 * one.still:.0f} % | {100 * one.shut:.0f} %"
        rows.append(f"| {one.portrait} | {one.detector} | {shares} | {one.gap:.2f} | {one.width:.2f} | {widths_} |")
    return f"""## Mouths of which it is known what they are

What no mouth can do better than, by these detectors. **still**, **shut**: a mouth that is held shut for a whole video, on the
same moving head, encoded and measured in the same way; **gap**, **width**: mm by which such a mouth seems to change from one
frame to the next (95th percentile). Then the width between the corners of the lips in mm, as it is drawn and as it is seen: of
shut lips, and of the vowel of "moon".

| portrait | by | still | shut | gap | width | shut, drawn | seen | oo, drawn | seen |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{chr(10).join(rows)}
"""
