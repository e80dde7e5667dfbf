"""A take's sound as the performance sees it: on the segment's frames."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from talkmill.errors import BackendError
from talkmill.model import SAMPLE_RATE

WINDOW = 0.0333
"""Seconds over which a frame's RMS is taken, about the frame's middle."""
CELL = 0.005
"""Seconds of one value of `hiss`."""


DEPTH = 34.0
"""Decibels under speech at which nothing is heard of it."""


GAP = 0.2
"""Seconds of silence that are a pause whatever the labels say; a stop's hold is shorter."""
REACH = 0.25
"""Seconds by which a label's end may be silent."""


@dataclass(frozen=True)
class Sound:
    """Measures of one take, placed `offset` samples after the start of a segment of `frames`.

    `rms`: 0..1, one value a frame. `level`: the same in dB, one value for each `CELL` of the segment. `hiss`: level of the
    differenced sound; that weighs high frequencies (6 dB an octave), so a voiced hold or a nasal is as quiet in it as a silent
    one.
    """

    fps: int
    frames: int
    rms: np.ndarray
    level: np.ndarray
    hiss: np.ndarray

    @property
    def middles(self) -> np.ndarray:
        """Middle of each frame, seconds from the segment's start."""
        return (np.arange(self.frames) + 0.5) / self.fps

    def loudness(self, spoken: np.ndarray) -> np.ndarray:
        """0..1, one value a frame: square root of the RMS over its 95th percentile in the frames where `spoken` is true."""
        heard = self.rms[spoken]
        top = float(np.percentile(heard, 95)) if len(heard) else 0.0
        return np.sqrt(np.clip(self.rms / top, 0.0, 1.0)) if top > 1e-6 else np.zeros(self.frames)

    def audible(self) -> np.ndarray:
        """Cells whose level is within `DEPTH` of the sounding cells' 95th percentile."""
        sounding = self.level[self.level > -80]
        return self.level > (np.percentile(sounding, 95) - DEPTH if len(sounding) else 0.0)

    def silent(self, reach: float = 0.1) -> np.ndarray:
        """Frames in which, and for `reach` seconds around which, nothing is audible."""
        heard = np.concatenate([[0], np.cumsum(self.audible())])
        low = np.clip(np.floor((self.middles - 0.5 / self.fps - reach) / CELL).astype(int), 0, len(self.level))
        high = np.clip(np.ceil((self.middles + 0.5 / self.fps + reach) / CELL).astype(int), 0, len(self.level))
        return heard[high] == heard[low]

    def heard(self, spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """What is audible of spans of speech (seconds): split at silences of `GAP`, cut by up to `REACH` at either end.

        Labels may run on into silence, or know nothing of it. A span in which nothing is audible stays as it is.
        """
        audible = self.audible()
        out: list[tuple[float, float]] = []
        for start, end in spans:
            first, last = round(start / CELL), round(end / CELL)
            cells = first + np.flatnonzero(audible[first:last])
            if not len(cells):
                out.append((start, end))
                continue
            breaks = np.flatnonzero(np.diff(cells) * CELL > GAP)
            opens = [max(start, min(start + REACH, cells[0] * CELL)), *(cells[breaks + 1] * CELL).tolist()]
            closes = [*((cells[breaks] + 1) * CELL).tolist(), min(end, max(end - REACH, (cells[-1] + 1) * CELL))]
            out += zip(opens, closes, strict=True)
        return out


def measure(samples: np.ndarray, offset: int, fps: int, frames: int) -> Sound:
    """Measures of `samples` (mono, 48 kHz, -1..1) that start `offset` samples after the segment's start."""
    step = SAMPLE_RATE // fps
    half = round(WINDOW * SAMPLE_RATE / 2)
    rms = np.sqrt(_mean_squares(samples, np.arange(frames) * step + step // 2 - half - offset, 2 * half))
    cell = round(CELL * SAMPLE_RATE)
    differenced = np.diff(samples, prepend=0.0)
    starts = np.arange(frames * step // cell) * cell - offset
    level, hiss = (10 * np.log10(_mean_squares(values, starts, cell) + 1e-10) for values in (samples, differenced))
    return Sound(fps, frames, rms, level, hiss)


def _mean_squares(samples: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """Mean square of `width` samples from each start; beyond the ends there is silence."""
    total = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    low, high = np.clip(starts, 0, len(samples)), np.clip(starts + width, 0, len(samples))
    return np.maximum(total[high] - total[low], 0.0) / width


def read(path: Path) -> np.ndarray:
    """A take's samples in -1..1; `BackendError` unless it is a 48 kHz mono s16 WAV."""
    try:
        with wave.open(str(path), "rb") as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise BackendError(f"{path}: not a readable WAV file ({error}). Make the take again.") from error
    if shape != (SAMPLE_RATE, 1, 2):
        found = f"{shape[0]} Hz, {shape[1]} channels, {8 * shape[2]} bits"
        raise BackendError(f"{path}: not a take ({found}). A take is 48000 Hz, mono, 16 bits.")
    return np.frombuffer(data, "<i2") / 32768.0
