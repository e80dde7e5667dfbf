"""Loudness (ITU-R BS.1770, EBU R 128) measured, and brought to a target without moving a sample."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from talkmill.errors import MediaError
from talkmill.media import ffmpeg, sound
from talkmill.model.speech import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np

    from talkmill.media.sound import Samples

SILENT = -70.0
"""LUFS under which there is nothing to hear (the meter's absolute gate)."""

SHORTEST = 0.4
"""Seconds of one block of the meter; it hears nothing in a shorter sound."""

TOLERANCE = 0.3
"""LU by which a normalised sound may miss its target."""

OVER = 0.05
"""dB by which a true peak may exceed its ceiling: the meter says one decimal."""

TRIALS = 12
MOST = 60.0
"""dB of gain beyond which nothing is won: what is left is the limiter's own shape."""

OVERSAMPLING = 4
"""Times the sample rate at which peaks are looked for: BS.1770 asks for 192 kHz."""

REACH = 0.005
"""Seconds before and after a peak over which the limiter turns down and up again."""


@dataclass(frozen=True)
class Loudness:
    """What the meter says."""

    integrated: float  # LUFS
    true_peak: float  # dBTP; -inf for digital silence
    range: float  # LU


def measure(path: Path) -> Loudness:
    """Loudness of the first sound track of `path`, any file that ffmpeg reads.

    Raises:
        MediaError: the file cannot be read or has no sound.
    """
    arguments = ["-i", ffmpeg.url(path), "-map", "0:a:0", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    _, words = ffmpeg.run(arguments)
    summary = words[words.rfind("Summary:") :]
    found = [re.search(rf"\b{name}:\s+(-?[\d.]+|-?inf|nan)\s", summary) for name in ("I", "LRA", "Peak")]
    if any(match is None for match in found):
        raise MediaError(f"{path}: its loudness cannot be measured (ffmpeg gave no summary). Look whether it has sound.")
    integrated, span, peak = (float(match.group(1)) for match in found if match)
    return Loudness(integrated=integrated, true_peak=-math.inf if math.isnan(peak) else peak, range=span)


def integrated(samples: Samples) -> float:
    """Integrated loudness in LUFS of `samples` (n, channels) at 48 kHz; -inf where the meter hears nothing.

    ITU-R BS.1770-4: K-weighting, blocks of 0.4 s every 0.1 s, an absolute gate at -70 LUFS and a relative one 10 LU down. It
    is here, and not asked of ffmpeg, since levelling asks some twenty times for an episode.
    """
    import numpy as np

    block, step = round(SHORTEST * SAMPLE_RATE), round(SHORTEST * SAMPLE_RATE / 4)
    if len(samples) < block:
        return -math.inf
    size = -(-(len(samples) + SAMPLE_RATE // 2) // 16_384) * 16_384  # room for the filters to die away; a quick length
    spectrum = np.fft.rfft(samples, size, axis=0) * _k_weighting(size).astype(np.complex64)[:, None]
    heard = np.fft.irfft(spectrum, size, axis=0)[: len(samples)]
    power = np.concatenate([[0.0], np.cumsum((heard**2).sum(axis=1), dtype=np.float64)])
    starts = np.arange(0, len(samples) - block + 1, step)
    blocks = np.maximum(power[starts + block] - power[starts], 1e-20) / block
    blocks = blocks[-0.691 + 10 * np.log10(blocks) > SILENT]
    if not len(blocks):
        return -math.inf
    blocks = blocks[blocks > blocks.mean() / 10]
    return float(-0.691 + 10 * np.log10(blocks.mean()))


@lru_cache(2)
def _k_weighting(size: int) -> np.ndarray:
    """Response of BS.1770's two filters (its tables 1 and 2, for 48 kHz) at the frequencies of a real FFT of `size`."""
    import numpy as np

    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    shelf = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
    highpass = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
    response = np.ones_like(delay)
    for above, below in (shelf, highpass):
        response *= (above[0] + above[1] * delay + above[2] * delay**2) / (below[0] + below[1] * delay + below[2] * delay**2)
    return response


class Limiter:
    """A true-peak limiter that looks ahead as far as it looks back: no delay, no lost sample, the same gain for all channels.

    Peaks are looked for at four times the sample rate. Where one is over the ceiling, the gain goes down and up again over
    `REACH`: the least gain needed within that reach, averaged over the same reach, is nowhere more than is needed.
    """

    def __init__(self, samples: Samples) -> None:
        """`samples` (n, channels) at 48 kHz, float32 in -1..1."""
        self.samples = samples
        self._envelope = peaks(samples)

    def run(self, gain: float, ceiling: float) -> Samples:
        """The sound louder by `gain` dB, its true peak at most about `ceiling` dBTP."""
        import numpy as np
        from scipy.ndimage import minimum_filter1d, uniform_filter1d

        factor, limit = 10 ** (gain / 20), 10 ** (ceiling / 20)
        loud = self._envelope * factor
        if not len(loud) or loud.max() <= limit:
            return (self.samples * factor).astype(np.float32)
        needed = np.minimum(1.0, limit / np.maximum(loud, 1e-9))
        reach = 2 * round(REACH * SAMPLE_RATE) + 1
        turned = uniform_filter1d(minimum_filter1d(needed, reach, mode="nearest"), reach, mode="nearest")
        return (self.samples * (factor * turned)[:, None]).astype(np.float32)


def peaks(samples: Samples) -> Samples:
    """The largest absolute value around each of `samples` (n, channels at 48 kHz), in any channel, also between samples."""
    import numpy as np

    fine = np.abs(sound.resample(samples, SAMPLE_RATE, OVERSAMPLING * SAMPLE_RATE))
    columns = [fine[phase::OVERSAMPLING, channel] for channel in range(fine.shape[1]) for phase in range(OVERSAMPLING)]
    return np.maximum.reduce(columns)  # over a few long columns: much quicker than along short rows


def true_peak(samples: Samples) -> float:
    """True peak of `samples` (n, channels) at 48 kHz in dBTP; -inf for digital silence."""
    highest = float(peaks(samples).max()) if len(samples) else 0.0
    return 20 * math.log10(highest) if highest > 0 else -math.inf


def levelled(samples: Samples, loudness: float, ceiling: float) -> tuple[Samples, float]:
    """`samples` (n, channels) at 48 kHz at `loudness` LUFS (±0.3 LU), true peak at most `ceiling` dBTP; and the gain in dB.

    Gain and limiter are tried, measured and corrected until both hold. Same number of samples, no delay.

    Raises:
        MediaError: there is nothing to hear, or the target cannot be reached under the ceiling.
    """
    before = integrated(samples)
    if before == -math.inf:
        raise MediaError("loudness: nothing to hear (the meter says under -70 LUFS). Put sound into it.")
    limiter = Limiter(samples)
    gain, limit = loudness - before, ceiling
    slope, last = 1.0, None  # LU won for each dB of gain; less than 1 where the limiter works
    for _ in range(TRIALS):
        used, made = gain, limiter.run(gain, limit)
        now, peak = integrated(made), true_peak(made)
        miss, over = loudness - now, peak - ceiling
        if abs(miss) <= TOLERANCE / 3 and over <= OVER:
            return made, used
        limit -= max(over, 0)
        if last and abs(gain - last[0]) > 0.05:
            slope = min(max((now - last[1]) / (gain - last[0]), 0.15), 1.0)
        last = (gain, now)
        gain = min(gain + miss / slope, MOST)
    if abs(miss) > TOLERANCE or over > OVER:
        raise MediaError(
            f"loudness: cannot be brought to {loudness:g} LUFS under {ceiling:g} dBTP "
            f"(it came to {now:.1f} LUFS, {peak:.1f} dBTP). Choose a lower loudness."
        )
    return made, used


def normalise(source: Path, target: Path, loudness: float = -14.0, ceiling: float = -2.0) -> float:
    """`levelled` for a WAV file at 48 kHz; writes `target` (16 bits, as many channels) and gives the gain in dB.

    Raises:
        MediaError: as `levelled`, or `source` is not at 48 kHz.
    """
    samples, rate = sound.read(source)
    if rate != SAMPLE_RATE:
        raise MediaError(f"{source}: not at 48 kHz ({rate} Hz). Resample it first.")
    try:
        made, gain = levelled(samples, loudness, ceiling)
    except MediaError as error:
        raise MediaError(f"{source}: {error}") from None
    sound.write(target, made)
    return gain
