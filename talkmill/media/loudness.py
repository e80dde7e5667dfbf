"""Loudness (ITU-R BS.1770, EBU R 128) measured, and brought to a target without moving a sample."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
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

BLOCK = 218 * 4800
"""Samples that are worked on at once: 22 s, a whole number of tenths of a second."""
STEP = SAMPLE_RATE // 10
RING = 24_000
"""Samples for which the meter's filters ring on, more than enough."""
NEAR = 4_800
"""Samples beside a cut that tell what lies between samples, and how the limiter has to turn; far more than both reach."""

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
    meter = Meter()
    for start in range(0, len(samples), BLOCK):
        meter.add(samples[start : start + BLOCK])
    return meter.integrated()


class Meter:
    """Loudness of a sound that comes in pieces of `BLOCK` samples, the last one of what is left; its memory does not grow."""

    def __init__(self) -> None:
        self._before: Samples | None = None  # what the filters still hear of what came before
        self._energy: list[float] = []  # of each tenth of a second

    def add(self, samples: Samples) -> None:
        """Hear the next piece: (n, channels), float32."""
        import numpy as np

        early = 0 if self._before is None else len(self._before)
        whole = samples if self._before is None else np.concatenate([self._before, samples])
        size = -(-(min(BLOCK, len(whole)) + 2 * RING) // 65_536) * 65_536  # room for the filters to die away; few lengths
        spectrum = np.fft.rfft(whole, size, axis=0) * _k_weighting(size)[:, None]
        heard = np.fft.irfft(spectrum, size, axis=0)[early : len(whole)]
        count = len(heard) // STEP
        squares = (heard[: count * STEP] ** 2).sum(axis=1, dtype=np.float64)
        self._energy += squares.reshape(count, STEP).sum(axis=1).tolist()
        self._before = whole[-RING:].copy()

    def integrated(self) -> float:
        """LUFS of all that came; -inf where the meter hears nothing."""
        import numpy as np

        tenths = np.array(self._energy)
        width = round(SHORTEST * SAMPLE_RATE) // STEP
        if len(tenths) < width:
            return -math.inf
        blocks = np.maximum(np.convolve(tenths, np.ones(width), "valid"), 1e-20) / (width * STEP)
        blocks = blocks[-0.691 + 10 * np.log10(blocks) > SILENT]
        if not len(blocks):
            return -math.inf
        blocks = blocks[blocks > blocks.mean() / 10]
        return float(-0.691 + 10 * np.log10(blocks.mean()))


@lru_cache(4)
def _k_weighting(size: int) -> np.ndarray:
    """Response of BS.1770's two filters (its tables 1 and 2, for 48 kHz) at the frequencies of a real FFT of `size`."""
    import numpy as np

    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    shelf = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
    highpass = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
    response = np.ones_like(delay)
    for above, below in (shelf, highpass):
        response *= (above[0] + above[1] * delay + above[2] * delay**2) / (below[0] + below[1] * delay + below[2] * delay**2)
    return response.astype(np.complex64)


Piece = Callable[[int, int], "Samples"]
"""Samples (n, channels) of a sound from one sample to another, both inside it."""


class Limiter:
    """A true-peak limiter that looks ahead as far as it looks back: no delay, no lost sample, the same gain for all channels.

    Peaks are looked for at four times the sample rate. Where one is over the ceiling, the gain goes down and up again over
    `REACH`: the least gain needed within that reach, averaged over the same reach, is nowhere more than is needed. It works on
    pieces of `BLOCK` samples, so its memory does not grow with the sound.
    """

    def __init__(self, samples: Samples | Piece, count: int | None = None) -> None:
        """`samples` (n, channels) at 48 kHz, float32 in -1..1, or a function that gives pieces of `count` samples in all."""
        self.count = len(samples) if count is None else count  # type: ignore[arg-type]
        self.piece: Piece = samples if callable(samples) else lambda start, end: samples[start:end]
        self._envelope = lru_cache(3)(self._measured)  # a minute stays in memory; what is longer is measured anew

    def run(self, gain: float, ceiling: float) -> Samples:
        """The sound louder by `gain` dB, its true peak at most about `ceiling` dBTP."""
        import numpy as np

        pieces = list(self.pieces(gain, ceiling))
        return np.concatenate(pieces) if pieces else self.piece(0, 0).astype(np.float32)

    def pieces(self, gain: float, ceiling: float) -> Iterator[Samples]:
        """`run`, a piece of `BLOCK` samples after the other."""
        import numpy as np

        factor, limit = 10 ** (gain / 20), 10 ** (ceiling / 20)
        reach = 2 * round(REACH * SAMPLE_RATE) + 1
        for start in range(0, self.count, BLOCK):
            end = min(start + BLOCK, self.count)
            samples = self.piece(start, end)
            first, envelope = self._envelope(start)
            loud = envelope * factor
            if not len(loud) or loud.max() <= limit:
                yield (samples * factor).astype(np.float32)
                continue
            needed = np.minimum(1.0, limit / np.maximum(loud, 1e-9))
            turned = _averages(_least(needed, reach), reach)
            turned = turned[start - first : start - first + len(samples)]
            yield (samples * (factor * turned)[:, None]).astype(np.float32)

    def _measured(self, start: int) -> tuple[int, Samples]:
        """The peaks around the samples of a piece and `REACH` beyond it, and the sample at which they begin."""
        end = min(start + BLOCK, self.count)
        first, last = max(0, start - 2 * NEAR), min(self.count, end + 2 * NEAR)
        found = peaks(self.piece(first, last))
        left, right = (start - first) // 2, (last - end) // 2  # the outermost peaks lack the sound beyond
        return first + left, found[left : len(found) - right]


def _least(values: np.ndarray, reach: int) -> np.ndarray:
    """The least of the `reach` (odd) values around each of `values` (n,), whose ends go on.

    By van Herk and Gil-Werman: a window is the end of one block of `reach` values and the beginning of the next. (SciPy has it
    too, and takes longer to be imported than an episode's sound to be levelled.)
    """
    import numpy as np

    half, rest = reach // 2, -(len(values) + reach - 1) % reach
    blocks = np.pad(values, (half, half + rest), mode="edge").reshape(-1, reach)
    begun = np.minimum.accumulate(blocks, axis=1).reshape(-1)
    ended = np.minimum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    return np.minimum(ended[: len(values)], begun[reach - 1 : reach - 1 + len(values)])


def _averages(values: np.ndarray, reach: int) -> np.ndarray:
    """The mean of the `reach` (odd) values around each of `values` (n,), whose ends go on."""
    import numpy as np

    summed = np.cumsum(np.pad(values, (reach // 2 + 1, reach // 2), mode="edge"), dtype=np.float64)
    return ((summed[reach:] - summed[:-reach]) / reach).astype(values.dtype)


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


def _loud(pieces: Iterable[Samples]) -> float:
    """Integrated loudness in LUFS of a sound that comes in pieces."""
    meter = Meter()
    for piece in pieces:
        meter.add(piece)
    return meter.integrated()


def _heard(pieces: Iterable[Samples]) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP of a sound that comes in pieces."""
    import numpy as np

    meter, before, highest = Meter(), None, -math.inf
    for piece in pieces:
        meter.add(piece)
        # Across a cut the peaks are looked for once more, with the sound on both sides of it.
        seam = piece if before is None else np.concatenate([before, piece])
        highest = max(highest, true_peak(seam))
        before = piece[-NEAR:]
    return meter.integrated(), highest


def levelled(samples: Samples, loudness: float, ceiling: float, before: float | None = None) -> tuple[Samples, float]:
    """`samples` (n, channels) at 48 kHz at `loudness` LUFS (±0.3 LU), true peak at most `ceiling` dBTP; and the gain in dB.

    Same number of samples, no delay. `before` is their `integrated` loudness, where it is known.

    Raises:
        MediaError: there is nothing to hear, or the target cannot be reached under the ceiling.
    """
    limiter = Limiter(samples)
    gain, limit = _settled(limiter, loudness, ceiling, before)
    return limiter.run(gain, limit), gain


def _settled(limiter: Limiter, loudness: float, ceiling: float, before: float | None = None) -> tuple[float, float]:
    """The gain and the limiter's ceiling at which a sound is as loud as is wanted: tried, measured and corrected.

    Raises:
        MediaError: as `levelled`.
    """
    before = _loud(limiter.pieces(0.0, math.inf)) if before is None else before
    if before == -math.inf:
        raise MediaError("loudness: nothing to hear (the meter says under -70 LUFS). Put sound into it.")
    gain, limit = loudness - before, ceiling
    slope, last = 1.0, None  # LU won for each dB of gain; less than 1 where the limiter works
    for _ in range(TRIALS):
        now, peak = _heard(limiter.pieces(gain, limit))
        miss, over = loudness - now, peak - ceiling
        used = gain, limit
        if abs(miss) <= TOLERANCE / 3 and over <= OVER:
            return used
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
    return used


def normalise(source: Path, target: Path, loudness: float = -14.0, ceiling: float = -2.0) -> float:
    """`levelled` for a WAV file at 48 kHz; writes `target` (16 bits, as many channels) and gives the gain in dB.

    Raises:
        MediaError: as `levelled`, or `source` is not at 48 kHz.
    """
    with sound.Reader(source) as reader:
        if reader.rate != SAMPLE_RATE:
            raise MediaError(f"{source}: not at 48 kHz ({reader.rate} Hz). Resample it first.")
        limiter = Limiter(reader.piece, reader.count)
        try:
            gain, limit = _settled(limiter, loudness, ceiling)
        except MediaError as error:
            raise MediaError(f"{source}: {error}") from None
        sound.write_pieces(target, limiter.pieces(gain, limit), reader.channels)
    return gain
