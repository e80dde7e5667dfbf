"""Sound in and out: WAV files, sample rates. Samples are float32 in -1..1, one column a channel."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING

from talkmill.errors import MediaError
from talkmill.media import ffmpeg
from talkmill.model.speech import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

MODEL_RATE = 16_000
"""Samples a second that speech models take."""


def read(path: Path) -> tuple[Samples, int]:
    """Samples (n, channels) and rate of a WAV file with 16-bit samples.

    Raises:
        MediaError: there is no such file, or it is something else.
    """
    import numpy as np

    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise MediaError(
                    f"{path}: not a WAV file with 16-bit samples ({8 * file.getsampwidth()} bits). Convert it to 16-bit PCM."
                )
            channels, found = file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except FileNotFoundError:
        raise MediaError(f"{path}: no such sound file. Make it again.") from None
    except (wave.Error, EOFError, OSError) as error:
        raise MediaError(f"{path}: not a WAV file that can be read ({error}). Convert it to 16-bit PCM WAV.") from None
    whole = len(data) - len(data) % (2 * channels)
    samples = np.frombuffer(data[:whole], "<i2").astype(np.float32) / np.float32(32768)
    return samples.reshape(-1, channels), found


def count(path: Path) -> int:
    """Samples (of one channel) in a PCM WAV file."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes()


def rate(path: Path) -> int:
    """Samples a second of a PCM WAV file.

    Raises:
        MediaError: there is no such file, or it is something else.
    """
    try:
        with wave.open(str(path), "rb") as file:
            return file.getframerate()
    except (wave.Error, EOFError, OSError) as error:
        raise MediaError(f"{path}: not a WAV file that can be read ({error}). Convert it to 16-bit PCM WAV.") from None


def write(path: Path, samples: Samples, at: int = SAMPLE_RATE) -> None:
    """Write `samples`, (n,) or (n, channels), as 16-bit PCM WAV of `at` Hz: rounded, clipped at full scale, no dither."""
    import numpy as np

    table = samples[:, None] if samples.ndim == 1 else samples
    whole = np.clip(np.rint(table.astype(np.float64) * 32768), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(table.shape[1])
        file.setsampwidth(2)
        file.setframerate(at)
        file.writeframes(whole.tobytes())


def resample(samples: Samples, source: int, target: int) -> Samples:
    """`samples` at another rate (soxr, VHQ: linear phase, no delay), exactly round(n * target / source) long."""
    import numpy as np

    if source == target:
        return samples.astype(np.float32)
    import soxr

    count = length_at(len(samples), source, target)
    out = soxr.resample(samples.astype(np.float32), source, target, quality="VHQ")[:count]
    missing = count - len(out)
    return np.pad(out, [(0, missing)] + [(0, 0)] * (out.ndim - 1)) if missing else out


def length_at(count: int, source: int, target: int) -> int:
    """Samples that `count` samples at `source` Hz are at `target` Hz, rounded to the nearest."""
    return (2 * count * target + source) // (2 * source)


def to_model_rate(source: Path, target: Path) -> None:
    """Write `source` (any sound that ffmpeg reads) as 16 kHz mono 16-bit WAV, filtered so that nothing folds back.

    Raises:
        MediaError: `source` cannot be read.
    """
    filters = f"aresample={MODEL_RATE}:resampler=soxr:precision=28"
    arguments = ["-i", ffmpeg.url(source), "-map", "0:a:0", "-af", filters, "-ac", "1", "-c:a", "pcm_s16le"]
    ffmpeg.run([*arguments, "-map_metadata", "-1", "-bitexact", "-f", "wav", "-y", ffmpeg.url(target)])
