"""Shapes in time that several curves share: when someone speaks, and how a curve comes to rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from talkmill.backends.lipsync.articulation import SILENCE, Phone
from talkmill.model import SAMPLE_RATE

Curves = dict[str, np.ndarray]
"""Name -> one value a frame."""

Span = tuple[float, float]
"""Start and end in seconds from the segment's start."""

PAUSE = 0.16
"""Seconds of silence from which the mouth comes to rest; a shorter one belongs to the phone before it."""
ANTICIPATION = 0.100
"""Seconds before the first sound after a pause in which the mouth opens."""
DECAY = 0.030
"""Seconds before the last sound's end at which the mouth starts to come to rest."""
RELEASE = 0.100
"""Seconds in which it does."""


def runs(phones: Sequence[Phone]) -> list[Span]:
    """Start and end in seconds of each stretch of speech between pauses of at least `PAUSE` (shorter ones are part of it)."""
    out: list[Span] = []
    for phone in phones:
        if phone.symbol == SILENCE:
            continue
        start, end = phone.start / SAMPLE_RATE, phone.end / SAMPLE_RATE
        if out and start - out[-1][1] < PAUSE:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def speaking(spans: Sequence[Span], times: np.ndarray) -> np.ndarray:
    """1 in the spans of speech, 0 in pauses; ramps open before the first sound and close over the last one's decay."""
    out = np.zeros(len(times))
    for start, end in spans:
        rise = smooth((times - (start - ANTICIPATION)) / ANTICIPATION)
        fall = smooth((end - DECAY + RELEASE - times) / RELEASE)
        out = np.maximum(out, np.minimum(rise, fall))
    return out


def rest_at_ends(frames: int, fps: int, seconds: float) -> np.ndarray:
    """0 in the first and the last frame, 1 inside, with smooth ramps of up to `seconds` (a third of the segment at most)."""
    index = np.arange(frames)
    inside = np.minimum(index, frames - 1 - index) / max(1.0, min(seconds * fps, frames / 3))
    return smooth(inside)


def smooth(x: np.ndarray) -> np.ndarray:
    """Smoothstep: 0 up to 0, 1 from 1, without a corner."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def pulse(times: np.ndarray, peak: float, rise: float, hold: float, fall: float) -> np.ndarray:
    """0..1: up in `rise` seconds to 1 at `peak`, there for `hold`, down in `fall`."""
    return np.minimum(smooth((times - peak + rise) / rise), smooth((peak + hold + fall - times) / fall))
