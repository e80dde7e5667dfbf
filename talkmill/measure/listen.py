"""The sound of a video: where it is silent, and by how much it comes late against the takes in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from talkmill.errors import MediaError
from talkmill.measure.subject import Subject
from talkmill.media import ffmpeg, sound
from talkmill.model import SAMPLE_RATE

RATE = 16_000
"""Samples a second at which the sound is looked at."""
DEPTH = 34.0
"""Decibels under speech at which nothing is heard of it."""
REACH = 0.10
"""Seconds around sound that are not silence: a mouth opens before it is heard, and closes after."""
CELL = 0.005
"""Seconds of one value of loudness."""
FURTHEST = 0.5
"""Seconds by which the sound is looked for at most."""


@dataclass(frozen=True)
class Heard:
    """What is heard: a level in dB each `CELL`, whether each frame is silent, and how late the sound is in seconds.

    `clear` is how like the takes the sound is at that lag (0..1); `late` is NaN where there is nothing to hold it against.
    """

    level: np.ndarray
    silent: np.ndarray
    late: float
    clear: float


def listen(subject: Subject) -> Heard:
    """Decode the sound and measure it.

    Raises:
        MediaError: there is none, or it cannot be decoded to its end.
    """
    samples = decoded(subject.video)
    level = levels(samples)
    late, clear = lag(samples, takes(subject))
    return Heard(level, silence(level, subject.frames, subject.fps), late, clear)


def decoded(video: Path) -> np.ndarray:
    """The first sound track of `video`, mono, float32, `RATE` samples a second.

    Raises:
        MediaError: there is none, or it cannot be decoded to its end.
    """
    data, _ = ffmpeg.run([
        "-loglevel", "error", "-xerror", "-i", ffmpeg.url(video), "-map", "0:a:0", "-ac", "1", "-ar", str(RATE),
        "-f", "f32le", "pipe:1",
    ])  # fmt: skip
    samples = np.frombuffer(data, "<f4")
    if not len(samples):
        raise MediaError(f"{video.name}: its sound is empty. Make it anew.")
    return samples


def levels(samples: np.ndarray) -> np.ndarray:
    """Level in dB of each `CELL`."""
    cell = round(CELL * RATE)
    cut = samples[: len(samples) // cell * cell].reshape(-1, cell).astype(np.float64)
    return 10 * np.log10((cut**2).mean(axis=1) + 1e-10)


def silence(level: np.ndarray, frames: int, fps: int) -> np.ndarray:
    """Which frames have no sound in them nor within `REACH` of them."""
    sounding = level[level > -80]
    loud = level > (np.percentile(sounding, 95) - DEPTH if len(sounding) else 0.0)
    total = np.concatenate([[0], np.cumsum(loud)])
    starts = np.arange(frames) / fps
    low = np.clip(np.floor((starts - REACH) / CELL).astype(int), 0, len(level))
    high = np.clip(np.ceil((starts + 1 / fps + REACH) / CELL).astype(int), 0, len(level))
    return total[low] == total[high]


def takes(subject: Subject) -> np.ndarray:
    """The takes at the places where the picture's timeline has them, added up: mono, float32, `RATE` samples a second."""
    made = np.zeros(subject.frames * RATE // subject.fps + 1, np.float32)
    for line in subject.lines:
        if line.sound is None:
            continue
        known, rate = sound.read(line.sound)
        heard = sound.resample(known.mean(axis=1), rate, RATE)
        start = round(line.start * RATE / SAMPLE_RATE)
        cut = heard[: max(len(made) - start, 0)]
        made[start : start + len(cut)] += cut
    return made


def lag(samples: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """By how many seconds `samples` come after the same sound in `right`, and how alike they are then (0..1).

    Cross-correlation by FFT over the whole length, within `FURTHEST`; NaN where one of them is silent.
    """
    size = 1 << (len(samples) + len(right)).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.conj(np.fft.rfft(right, size))
    likeness = np.fft.irfft(spectrum, size)
    reach = round(FURTHEST * RATE)
    near = np.concatenate([likeness[-reach:], likeness[: reach + 1]])
    best = int(np.argmax(near))
    power = float(np.sqrt((samples.astype(np.float64) ** 2).sum() * (right.astype(np.float64) ** 2).sum()))
    return ((best - reach) / RATE, float(near[best] / power)) if power else (float("nan"), 0.0)
