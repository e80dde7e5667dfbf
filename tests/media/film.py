"""A short film made here: moving shapes, bursts of sound on words, captions; and ways to spoil it."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

FPS = 30
RATE = 48_000
WORDS = ("Nobody", "tells", "you", "this.", "Really", "nobody!")


def words() -> list[list[Any]]:
    """Words on time: two utterances, a pause between them."""
    found, at = [], 0.3
    for index, text in enumerate(WORDS):
        if index == 4:
            at += 0.5
        found.append([text, round(at * RATE), round((at + 0.28) * RATE), int(index >= 4)])
        at += 0.3
    return found


def speech(path: Path, frames: int, shift: float = 0.0, gain: float = 0.2) -> Path:
    """A mono WAV with a burst of noise on every word; silence at the start."""
    dice = np.random.default_rng(7)
    sound = np.zeros(frames * RATE // FPS)
    for _, start, end, _ in words():
        a, b = start + round(shift * RATE), end + round(shift * RATE)
        burst = dice.normal(0, 1, b - a) * np.hanning(b - a)
        sound[a:b] += np.convolve(burst, np.ones(16) / 4, "same")[: len(sound[a:b])]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(sound * gain, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def pictures(
    frames: int, size: tuple[int, int], still: tuple[int, int] = (0, 0), black: tuple[int, int] = (0, 0)
) -> Iterator[np.ndarray]:
    """I420 frames of a disc that sways as a head does; nothing moves in frames `still`, frames `black` are black."""
    import cv2

    width, height = size
    ground = np.full((height * 3 // 2, width), 128, np.uint8)
    ground[:height] = np.linspace(60, 120, height).astype(np.uint8)[:, None]
    for number in range(frames):
        at = still[0] if still[0] <= number < still[1] else number
        frame = ground.copy()
        if black[0] <= number < black[1]:
            frame[:height] = 16
        else:
            x, y = width / 2 + 20 * np.sin(at / FPS * 2.2), height * 0.35 + 8 * np.sin(at / FPS * 3.1)
            cv2.circle(frame[:height], (round(x * 16), round(y * 16)), round(width * 0.2 * 16), 190, -1, cv2.LINE_AA, 4)
        yield frame
