"""What of a sound is compared: log-mel cepstra every 5 ms, and its level."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RATE = 16_000
"""Samples a second of what is compared."""
HOP = 80
"""Samples from one frame to the next: 5 ms."""
STEP = HOP / RATE
"""Seconds from one frame to the next."""
WINDOW, TRANSFORM = 400, 512
"""Samples of a frame (25 ms), and of its Fourier transform."""
BANDS, COEFFICIENTS = 32, 13
LOW, HIGH = 80.0, 7000.0
"""Hz of the first and the last mel band."""
FLOOR = 45.0
"""dB under the loud frames below which everything is silence."""
REACH = 4
"""Frames on either side over which a slope is taken: 45 ms in all."""


@cache
def bands() -> Array:
    """Triangular mel filters (HTK's mel scale), (BANDS, TRANSFORM // 2 + 1)."""
    import numpy as np

    def mel(hertz: float) -> float:
        return 2595 * np.log10(1 + hertz / 700)

    edges = 700 * (10 ** (np.linspace(mel(LOW), mel(HIGH), BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(TRANSFORM, 1 / RATE)
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(np.minimum(rise, fall), 0)


@cache
def cosines() -> Array:
    """Orthonormal DCT-II, (COEFFICIENTS, BANDS)."""
    import numpy as np

    table = np.cos(np.pi / BANDS * (np.arange(BANDS) + 0.5) * np.arange(COEFFICIENTS)[:, None]) * np.sqrt(2 / BANDS)
    table[0] /= np.sqrt(2)
    return table


def spectrum(samples: NDArray[np.float32]) -> Array:
    """Log mel energies in dB of `samples` (n,) at `RATE`, one row every `STEP`, centred on its time: (n // HOP + 1, BANDS).

    A floor `FLOOR` under the loud frames makes digital silence and a quiet room alike.
    """
    import numpy as np

    count = len(samples) // HOP + 1
    padded = np.zeros((count - 1) * HOP + WINDOW)
    half = WINDOW // 2
    emphasised = np.append(samples[:1], samples[1:] - 0.97 * samples[:-1]).astype(np.float64) if len(samples) else samples
    end = min(half + len(emphasised), len(padded))
    padded[half:end] = emphasised[: end - half]
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, TRANSFORM)) ** 2
    level = 10 * np.log10(power @ bands().T + 1e-10)
    top = float(np.percentile(level.max(axis=1), 95))
    return np.maximum(level, top - FLOOR)


def slopes(values: Array) -> Array:
    """Regression slope of each column over `REACH` frames on either side, same shape."""
    import numpy as np

    padded = np.pad(values, ((REACH, REACH), (0, 0)), mode="edge")
    weights = np.arange(-REACH, REACH + 1)
    count = len(values)
    total = sum(weight * padded[REACH + weight : REACH + weight + count] for weight in weights)
    return total / float((weights**2).sum())


def cepstra(samples: NDArray[np.float32]) -> Array:
    """Cepstra and their slopes, each with mean 0 and deviation 1 over the frames that sound: (frames, 2 * COEFFICIENTS)."""
    import numpy as np

    level = spectrum(samples)
    table = level @ cosines().T
    table = np.hstack([table, slopes(table)])
    loud = level.mean(axis=1)
    heard = loud > loud.min() + 0.35 * (np.percentile(loud, 95) - loud.min())
    chosen = table[heard] if heard.sum() > 10 else table
    mean, deviation = chosen.mean(axis=0), chosen.std(axis=0)
    mean[COEFFICIENTS:] = 0.0
    return (table - mean) / np.maximum(deviation, 1e-3)
