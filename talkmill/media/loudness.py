"""Loudness (ITU-R BS.1770, EBU R 128) measured, and brought to a target without moving a sample."""

from __future__ import annotations

import math
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from talkmill.errors import MediaError
from talkmill.media import ffmpeg, sound
from talkmill.model.speech import SAMPLE_RATE

SILENT = -70.0
"""LUFS that the meter says where there is nothing to hear (its absolute gate)."""

SHORTEST = 0.4
"""Seconds of one block of the meter; it hears nothing in a shorter sound."""

TOLERANCE = 0.3
"""LU by which a normalised sound may miss its target."""

OVER = 0.05
"""dB by which a true peak may exceed its ceiling: the meter says one decimal."""

TRIALS = 12

OVERSAMPLED = 4 * SAMPLE_RATE
"""Samples a second at which the limiter works, so that it sees the true peaks."""


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


def limited(source: Path, target: Path, gain: float, ceiling: float) -> None:
    """`source` louder by `gain` dB, its true peak held under `ceiling` dBTP; same samples, same time.

    The limiter works at 192 kHz with its look-ahead taken back (`latency=true`): no delay, no lost sample.

    Args:
        source: WAV file at 48 kHz.
        target: WAV file, 48 kHz, 16 bits, as many channels.
        gain: in dB.
        ceiling: in dBTP.
    """
    limit = f"{10 ** (ceiling / 20):.9f}"
    filters = (
        f"aresample={OVERSAMPLED}:resampler=soxr:precision=28,volume={gain:.6f}dB:precision=double,"
        f"alimiter=limit={limit}:level=false:attack=5:release=50:latency=true,"
        f"aresample={SAMPLE_RATE}:resampler=soxr:precision=28"
    )
    arguments = ["-i", ffmpeg.url(source), "-map", "0:a:0", "-af", filters, "-c:a", "pcm_s16le", "-map_metadata", "-1"]
    ffmpeg.run([*arguments, "-bitexact", "-f", "wav", "-y", ffmpeg.url(target)])
    before, after = sound.count(source), sound.count(target)
    if before != after:
        raise MediaError(f"{source}: the limiter changed its length ({before} samples to {after}). Report this as a defect.")


def normalise(source: Path, target: Path, loudness: float = -14.0, ceiling: float = -2.0) -> tuple[Loudness, float]:
    """Write `source` to `target` at `loudness` LUFS (±0.3 LU) with its true peak at most `ceiling` dBTP.

    Gain and limiter are tried, measured and corrected until both hold. Same number of samples, no delay.

    Args:
        source: WAV file at 48 kHz, at least 0.4 s.
        target: WAV file, 48 kHz, 16 bits, as many channels.
        loudness: integrated, in LUFS.
        ceiling: in dBTP.

    Returns:
        What was measured on `target`, and the gain in dB.

    Raises:
        MediaError: there is nothing to hear, or the target cannot be reached under the ceiling.
    """
    rate = sound.rate(source)
    if rate != SAMPLE_RATE:
        raise MediaError(f"{source}: not at 48 kHz ({rate} Hz). Resample it first.")
    before = measure(source)
    if before.integrated <= SILENT:
        raise MediaError(f"{source}: nothing to hear (the meter says {before.integrated:.0f} LUFS). Put sound into it.")
    gain, limit = loudness - before.integrated, ceiling
    slope, last = 1.0, None  # LU won for each dB of gain; less than 1 where the limiter works
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        trial = Path(folder) / "trial.wav"
        for _ in range(TRIALS):
            used = gain
            limited(source, trial, used, limit)
            now = measure(trial)
            miss, over = loudness - now.integrated, now.true_peak - ceiling
            if abs(miss) <= TOLERANCE / 3 and over <= OVER:
                break
            limit -= max(over, 0)
            if last and abs(gain - last[0]) > 0.05:
                slope = min(max((now.integrated - last[1]) / (gain - last[0]), 0.15), 1.0)
            last = (gain, now.integrated)
            gain += miss / slope
        if abs(miss) > TOLERANCE or over > OVER:
            raise MediaError(
                f"{source}: cannot be brought to {loudness:g} LUFS under {ceiling:g} dBTP "
                f"(it came to {now.integrated:.1f} LUFS, {now.true_peak:.1f} dBTP). Choose a lower loudness."
            )
        trial.replace(target)
    return now, used
