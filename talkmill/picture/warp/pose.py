"""What the lips and the jaw do in millimetres, from the mouth's curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pose:
    """One frame's mouth, in mm of the face against the face at rest.

    `jaw`: the lower lip's way down with the jaw. `width`: each corner outwards. `thick`: of the lips' height, as a share (+ is
    pursed, - is pressed). `raised`: the upper lip upwards. `dropped`: the lower lip downwards, beyond the jaw. `corners`: upwards.
    `tuck`: 0..1, the lower lip under the upper teeth. `tongue`: 0..1, as in curves.json. `shut`: 0..1, how much of a gap that
    the picture itself shows is closed; 1: the lips meet. `voice`: 0..1, whether the mouth speaks at all.
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


CURVES = ("open", "width", "round", "tuck", "press", "teeth", "tongue", "smile")
JAW = 11.0
"""Way of the lower lip at `open` 1; with the lips' own movement about 13 mm between the lips, where shouting begins at 15."""


def poses(curves: Mapping[str, np.ndarray], smiles: bool) -> list[Pose]:
    """One pose a frame. `smiles`: the picture shows teeth, so that it moves from a mouth that is open and wide already."""
    frames = len(next(iter(curves.values())))
    got = {name: np.asarray(curves.get(name, np.zeros(frames)), float) for name in CURVES}
    opened, wide, rounded, tuck, press = (got[name] for name in ("open", "width", "round", "tuck", "press"))
    parted = np.clip(opened / 0.16, 0, 1)
    parted = parted * parted * (3 - 2 * parted)
    spread, drawn = np.maximum(wide, 0), np.maximum(-wide, 0)
    free = 1 - press
    jaw = JAW * opened * (0.86 if smiles else 1.0)
    raised = parted * (0.7 + 0.8 * got["teeth"] * (1 - rounded)) * (0.5 if smiles else 1.0)
    dropped = parted * (0.8 + 0.5 * got["teeth"] + 0.3 * rounded) * (0.6 if smiles else 1.0)
    jaw = jaw * (1 - 0.75 * tuck) + 1.0 * tuck
    raised = raised + (1.7 - raised) * tuck
    speaks = np.clip(np.maximum.reduce([opened / 0.05, tuck * 4, press * 4, np.abs(wide) * 4, rounded * 4]), 0, 1)
    speaks = _widened(speaks, 5)
    out = []
    for i in range(frames):
        out.append(
            Pose(
                jaw=float(jaw[i] * free[i]),
                width=float(2.8 * spread[i] - 5.6 * drawn[i] - 1.4 * rounded[i] - 0.5 * press[i]),
                thick=float(0.28 * rounded[i] - 0.05 * spread[i] - 0.20 * press[i]),
                raised=float(raised[i] * free[i]),
                dropped=float(dropped[i] * free[i] * (1 - tuck[i])),
                corners=float(2.6 * got["smile"][i]),
                tuck=float(tuck[i] * free[i]),
                tongue=float(0.2 + 0.8 * got["tongue"][i]),
                voice=float(speaks[i]),
            )
        )
    return out


def _widened(values: np.ndarray, reach: int) -> np.ndarray:
    """The highest within `reach` frames, evened out over as many: comes earlier and goes later, and never jumps."""
    padded = np.pad(values, 2 * reach, mode="edge")
    high = np.max(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1)
    kernel = np.hanning(2 * reach + 3)[1:-1]
    return np.convolve(high, kernel / kernel.sum(), "valid")
