"""What the lips and the jaw do in millimetres, from the mouth's curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Pose:
    """One frame's mouth, in mm of the face against the face at rest.

    `jaw`: the lower lip's way down with the jaw. `width`: each corner outwards. `thick`: of the lips' height, as a share (+ is
    pursed, - is pressed). `raised`: the upper lip upwards. `dropped`: the lower lip downwards, beyond the jaw. `corners`:
    upwards.
    `tuck`: 0..1, the lower lip under the upper teeth. `tongue`: 0..1, as in curves.json. `shut`: 0..1, how much of a gap that
    the picture itself shows is closed; 1: the lips meet. `voice`: 0..1, whether the mouth speaks at all. `round`: 0..1, how far
    the opening is round rather than pointed at its corners. `shade`: 0..1, how far the picture's own teeth lie in the dark of
    rounded lips.
    """

    jaw: float = 0.0
    width: float = 0.0
    thick: float = 0.0
    raised: float = 0.0
    dropped: float = 0.0
    corners: float = 0.0
    tuck: float = 0.0
    tongue: float = 0.2
    shut: float = 1.0
    voice: float = 1.0
    round: float = 0.0
    shade: float = 0.0

    def scaled(self, share: float) -> Pose:
        """Between the face at rest (0) and this pose (1)."""
        if share >= 1:
            return self
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        return Pose(**{name: value if name in ("tongue", "shut") else share * value for name, value in kept.items()})

    @property
    def rests(self) -> bool:
        """Whether the face stays as the picture has it."""
        moves = (self.jaw, self.width, self.thick, self.raised, self.dropped, self.corners, self.tuck, self.shut * self.voice)
        return not any(abs(value) > 1e-3 for value in moves)


CURVES = ("open", "width", "round", "tuck", "press", "teeth", "tongue", "smile")
JAW = 11.0
"""Way of the lower lip at `open` 1; with the lips' own movement about 13 mm between the lips, where shouting begins at 15."""


def poses(curves: Mapping[str, np.ndarray], fps: int, teeth: bool, smile: float = 0.0) -> list[Pose]:
    """One pose a frame. `teeth`: the picture shows them, so that the mouth is open already before it speaks; `smile` (0..1):
    and as wide as a broad smile."""
    frames = len(next(iter(curves.values())))
    got = {name: np.asarray(curves.get(name, np.zeros(frames)), float) for name in CURVES}
    opened, wide, rounded, tuck, press = (got[name] for name in ("open", "width", "round", "tuck", "press"))
    parted = np.clip(opened / 0.16, 0, 1)
    parted = parted * parted * (3 - 2 * parted)
    spread, drawn = np.maximum(wide, 0), np.maximum(-wide, 0)
    free = 1 - press
    between = np.clip((got["tongue"] - 0.7) / 0.25, 0, 1)
    jaw = JAW * opened * (0.86 if teeth else 1.0) + 1.3 * between * parted
    raised = parted * ((0.7 + 0.8 * got["teeth"] * (1 - rounded)) * (0.5 if teeth else 1.0) + (0.8 if teeth else 0.4) * rounded)
    dropped = parted * ((0.8 + 0.5 * got["teeth"]) * (0.6 if teeth else 1.0) + (3.6 * (1 - opened) if teeth else 1.2) * rounded)
    jaw = jaw * (1 - 0.75 * tuck) + (0.6 if teeth else 1.0) * tuck
    raised = raised + ((1.3 if teeth else 3.0) - raised) * tuck
    firm = 1 - 0.5 * np.maximum(tuck, press)  # lips on teeth, and on each other, are less pursed
    drawn, rounded = drawn * firm, rounded * firm
    speaks = np.clip(np.maximum.reduce([opened / 0.05, tuck * 4, press * 4, np.abs(wide) * 4, rounded * 4]), 0, 1)
    speaks = _widened(speaks, fps)
    narrower, flatter, level, spreading = 5.5 * smile, 3.0 * smile, 5.0 * smile, 4.6 + 2.4 * smile  # from a smile, and back
    out = []
    for i in range(frames):
        lift = got["smile"][i] * (1 - smile if got["smile"][i] > 0 else 1.0)  # it may be there already
        out.append(
            Pose(
                jaw=float(jaw[i] * free[i]),
                width=float(spreading * spread[i] - 8.2 * drawn[i] - 2.4 * rounded[i] - 0.5 * press[i] - narrower * speaks[i]),
                thick=float(0.36 * rounded[i] - 0.05 * spread[i] - 0.20 * press[i]),
                raised=float(raised[i] * free[i]),
                dropped=float(dropped[i] * free[i] * (1 - tuck[i])),
                corners=float(2.6 * lift - flatter * speaks[i] - level * rounded[i]),
                tuck=float(tuck[i] * free[i]),
                tongue=float(0.2 + 0.8 * got["tongue"][i]),
                voice=float(speaks[i]),
                round=float(rounded[i]),
                shade=float(rounded[i]) if teeth else 0.0,
            )
        )
    return out


PAUSE, SETTLE = 1.0, 0.4
"""Seconds: half of the longest pause in which a face waits as it speaks; and those in which it then goes back to what it was,
and is ready before it speaks."""


def _widened(values: np.ndarray, fps: int) -> np.ndarray:
    """1 from `SETTLE` before the first to `SETTLE` after the last that is 1, with soft flanks that lie outside, through pauses
    of up to twice `PAUSE`; 0 in the first and the last frame, and quicker where there is less room to them."""
    soft = round(SETTLE / 2 * fps)
    reach = round(PAUSE * fps)
    high = np.max(np.lib.stride_tricks.sliding_window_view(np.pad(values, 2 * reach), 2 * reach + 1), axis=1)
    kept = np.min(np.lib.stride_tricks.sliding_window_view(high, 2 * (reach - soft) + 1), axis=1)[soft:-soft]
    kernel = np.hanning(2 * soft + 3)[1:-1]
    speaks = np.flatnonzero(values > 0.5)
    early, late = (speaks[0], len(values) - 1 - speaks[-1]) if len(speaks) else (soft, soft)
    index = np.arange(len(values))
    flanks = [
        np.clip(way / np.clip(room, 1, 2 * soft), 0, 1)
        for way, room in ((index, early), (len(values) - 1 - index, late))
    ]  # fmt: skip
    ends = np.minimum(*flanks)
    ends = ends * ends * (3 - 2 * ends)
    return np.minimum(np.convolve(np.pad(kept, soft, mode="edge"), kernel / kernel.sum(), "valid"), ends)
