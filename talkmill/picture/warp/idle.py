"""A still picture that lives: heads that are not bolted down, breath, blinks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from talkmill.picture.warp.eyes import blink
from talkmill.picture.warp.head import Head, Motion, moved
from talkmill.picture.warp.place import place

DOWN, SHUT, UP = 0.085, 0.035, 0.150
"""Seconds in which lids fall, stay and rise (as `lipsync: viseme` has them)."""
FIRST, APART = (1.2, 2.4), (2.4, 4.8)
"""Seconds to the first blink and between two."""
YAW, PITCH, ROLL, RISE = 1.7, 1.0, 1.1, 0.004
"""Degrees, and the share of the head's height that breath lifts it by, at `motion` 1."""
BREATH = 0.24
"""Breaths a second."""


def idle_frames(
    image: np.ndarray, landmarks: np.ndarray, seconds: float, fps: int, seed: int | str, *, motion: float = 1.0, blinks: bool = True
) -> Iterator[np.ndarray]:
    """The frames of an idle clip made of one still picture. Frame 0 is the picture itself, to the byte.

    Args:
        image: I420, uint8 (h * 3 // 2, w), both sides even (`media.frames.i420` makes one of R'G'B').
        landmarks: (faces, 468, 3) pixels of the picture, as `media.faces.Face.landmarks`; the faces that live. The others are part
            of the background.
        seconds, fps: `round(seconds * fps)` frames are made, one at a time.
        seed: decides the motion, each face's its own; the same request gives the same bytes.
        motion: 0 holds the heads still, 1 is a calm person (up to about 2 degrees either way).
        blinks: whether eyes blink. Eyes that the picture shows shut stay shut.

    Only heads, out to about twice their own size, and lids change: what lies farther away is the picture's, to the byte.
    """
    faces = np.asarray(landmarks, np.float64).reshape(-1, *np.shape(landmarks)[-2:])[:, :468]
    size = (image.shape[1], image.shape[0] * 2 // 3)
    heads = [Head(face, size) for face in faces]
    placed = [place(face[None]) for face in faces]
    frames = round(seconds * fps)
    lids = [_lids(random.Random(f"{seed}|blink|{i}"), frames, fps) for i in range(len(faces))]  # noqa: S311
    sways = [_sway(random.Random(f"{seed}|sway|{i}"), frames, fps, motion) for i in range(len(faces))]  # noqa: S311
    for index in range(frames):
        frame = image
        for one, closed in zip(placed, lids, strict=True):
            if blinks and closed[index] > 0:
                frame = frame.copy() if frame is image else frame
                blink(frame, one, 0, closed[index])
        yield moved(frame, heads, [sway[index] for sway in sways])


def _lids(rng: random.Random, frames: int, fps: int) -> np.ndarray:
    """0..1 a frame; open in the first and the last frame."""
    out = np.zeros(frames)
    times = np.arange(frames) / fps
    now, whole = rng.uniform(*FIRST), DOWN + SHUT + UP
    while now + whole < times[-1] if frames else False:
        fall, rise = (times - now) / DOWN, (now + whole - times) / UP
        out = np.maximum(out, _smooth(np.minimum(fall, rise)))
        out[int(np.argmin(np.abs(times - (now + DOWN + SHUT / 2))))] = 1.0
        now += rng.uniform(*APART)
    return out


def _sway(rng: random.Random, frames: int, fps: int, size: float) -> Sequence[Motion]:
    """Slow sums of sines that start at 0 and at rest: no frequency is a multiple of another, so nothing repeats that is noticed."""
    times = np.arange(frames) / fps
    start = _smooth(times / 1.5)

    def wander(most: float, rates: Sequence[float]) -> np.ndarray:
        made = np.zeros(frames)
        for rate, share in zip(rates, (0.55, 0.3, 0.15), strict=True):
            made += share * np.sin(2 * np.pi * (rate * rng.uniform(0.9, 1.1) * times + rng.random()))
        return size * most * made * start

    yaw, pitch, roll = wander(YAW, (0.11, 0.23, 0.41)), wander(PITCH, (0.13, 0.29, 0.47)), wander(ROLL, (0.07, 0.17, 0.37))
    breath = size * RISE * (1 - np.cos(2 * np.pi * BREATH * times)) / 2
    return [Motion(*(float(v) for v in one)) for one in zip(yaw, pitch, roll, breath, strict=True)]


def _smooth(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
