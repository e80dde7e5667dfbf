"""Changes to a voice's sound that keep its time: pitch and formants, through the WORLD vocoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PERIOD = 5.0
"""Milliseconds between the frames of the analysis."""

LOWEST, HIGHEST = 60.0, 500.0
"""Hz between which the voice's pitch is looked for."""


def shift(samples: NDArray[np.float32], rate: int, pitch: float, formant: float) -> NDArray[np.float32]:
    """`samples` (n,) at `rate` with pitch and formants moved by so many semitones; same length, same time.

    WORLD (Morise, Yokomori and Ozawa 2016) takes speech apart into pitch, spectral envelope and aperiodicity, frame by
    frame, and puts it together again on the same time base. Nothing to move: the samples themselves.
    """
    if not pitch and not formant:
        return samples
    import numpy as np
    import pyworld

    sound = np.ascontiguousarray(samples, np.float64)
    padded = np.pad(sound, (0, rate // 10))  # the last frames need something to look at
    hertz, at = pyworld.harvest(padded, rate, f0_floor=LOWEST, f0_ceil=HIGHEST, frame_period=PERIOD)
    envelope = pyworld.cheaptrick(padded, hertz, at, rate)
    noise = pyworld.d4c(padded, hertz, at, rate)
    if formant:
        envelope = np.exp(_stretched(np.log(np.maximum(envelope, 1e-16)), 2 ** (formant / 12)))
        noise = _stretched(noise, 2 ** (formant / 12))
    made = pyworld.synthesize(hertz * 2 ** (pitch / 12), envelope, noise, rate, PERIOD)[: len(sound)]
    made = np.pad(made, (0, len(sound) - len(made)))
    before, after = np.sqrt(np.mean(sound**2)), np.sqrt(np.mean(made**2))
    return (made * (before / after if after else 1)).astype(np.float32)


def _stretched(table: NDArray[np.float64], ratio: float) -> NDArray[np.float64]:
    """Rows of `table` (frames, bins) with what was at bin b now at b * ratio; the last bin fills what is missing."""
    import numpy as np

    bins = table.shape[1]
    places = np.minimum(np.arange(bins) / ratio, bins - 1)
    low = places.astype(np.int64)
    high = np.minimum(low + 1, bins - 1)
    part = places - low
    return np.ascontiguousarray(table[:, low] * (1 - part) + table[:, high] * part)
