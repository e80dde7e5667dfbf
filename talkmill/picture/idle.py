"""Idle motion: what a living figure does when it does nothing. A pure function of seed and time, so shots join up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from random import Random


@dataclass(frozen=True)
class Idle:
    """Offsets at one frame. Lengths are fractions of the face's height, angles are degrees, gaze is in the curves' -1..1."""

    x: float
    y: float
    tilt: float
    turn: float
    breath: float  # 0..1, 1 is full
    gaze_x: float
    gaze_y: float


# Name: (amplitude, periods in seconds). The periods share no small multiple, so the motion does not seem to repeat.
_WAVES = {
    "x": (0.010, (6.1, 9.7)),
    "y": (0.005, (5.3, 8.9)),
    "tilt": (0.9, (7.3, 11.9)),
    "turn": (0.18, (8.3, 13.1)),
    "gaze_x": (0.14, (4.7, 7.9)),
    "gaze_y": (0.08, (5.9, 10.3)),
}
_BREATH = 4.1  # seconds a breath


@cache
def _phases(seed: str) -> dict[str, tuple[float, float]]:
    random = Random(f"idle {seed}")  # noqa: S311 - not for secrets
    return {name: (random.random(), random.random()) for name in (*_WAVES, "breath")}


def idle(seed: str, frame: int, fps: int) -> Idle:
    """Idle motion of the figure `seed` at `frame`, counted from the start of the episode."""
    time, phases = frame / fps, _phases(seed)
    values = {}
    for name, (amplitude, periods) in _WAVES.items():
        first, second = (
            math.sin(2 * math.pi * (time / period + phase)) for period, phase in zip(periods, phases[name], strict=True)
        )
        values[name] = amplitude * (0.6 * first + 0.4 * second)
    breath = 0.5 - 0.5 * math.cos(2 * math.pi * (time / _BREATH + phases["breath"][0]))
    return Idle(breath=breath, **values)
