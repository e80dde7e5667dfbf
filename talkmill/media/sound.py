"""Sound in and out: WAV files, sample rates. Samples are float32 in -1..1, one column a channel."""

from __future__ import annotations

import struct
import wave
from collections.abc import Iterable
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


PIECE = 1 << 20
"""Samples that are written at once."""


class Reader:
    """A WAV file with 16-bit samples, read piece by piece; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            MediaError: there is no such file, or it is something else.
        """
        self.path = path
        try:
            self._file = wave.open(str(path), "rb")  # noqa: SIM115  # closed by `__exit__`
        except FileNotFoundError:
            raise MediaError(f"{path}: no such sound file. Make it again.") from None
        except (wave.Error, EOFError, OSError) as error:
            raise self._unreadable(error) from None
        if self._file.getsampwidth() != 2:
            bits = 8 * self._file.getsampwidth()
            self._file.close()
            raise MediaError(f"{path}: not a WAV file with 16-bit samples ({bits} bits). Convert it to 16-bit PCM.")
        self.channels, self.rate = self._file.getnchannels(), self._file.getframerate()
        whole = (path.stat().st_size - 44) // (2 * self.channels)  # a file that was cut off says more than it has
        self.count = min(self._file.getnframes(), max(whole, 0))

    def _unreadable(self, error: Exception) -> MediaError:
        return MediaError(f"{self.path}: not a WAV file that can be read ({error}). Convert it to 16-bit PCM WAV.")

    def piece(self, start: int, end: int) -> Samples:
        """Samples (n, channels) from `start` to `end`.

        Raises:
            MediaError: they cannot be read.
        """
        import numpy as np

        try:
            self._file.setpos(start)
            data = self._file.readframes(end - start)
        except (wave.Error, EOFError, OSError) as error:
            raise self._unreadable(error) from None
        whole = len(data) - len(data) % (2 * self.channels)
        return (np.frombuffer(data[:whole], "<i2").astype(np.float32) / np.float32(32768)).reshape(-1, self.channels)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read(path: Path) -> tuple[Samples, int]:
    """Samples (n, channels) and rate of a WAV file with 16-bit samples.

    Raises:
        MediaError: there is no such file, or it is something else.
    """
    with Reader(path) as reader:
        return reader.piece(0, reader.count), reader.rate


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


def promised(path: Path) -> float | None:
    """Seconds of sound that a WAV file's header says are in it; None: it is no WAV file, or its header does not know.

    ffmpeg takes what is there for all there is, so a file that was cut off is told from a whole one by this alone.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
                return None
            rate = 0
            while len(chunk := file.read(8)) == 8:
                name, size = struct.unpack("<4sI", chunk)
                if name == b"data":
                    unknown = not 0 < size < 0x7FFF0000 or not rate  # written into a pipe
                    return None if unknown else size / rate
                start = file.tell()
                if name == b"fmt ":
                    rate = struct.unpack("<I", file.read(12)[8:])[0]  # bytes a second
                file.seek(start + size + size % 2)
    except (OSError, struct.error):
        return None
    return None


def write(path: Path, samples: Samples, at: int = SAMPLE_RATE) -> None:
    """Write `samples`, (n,) or (n, channels), as 16-bit PCM WAV of `at` Hz: rounded, clipped at full scale, no dither."""
    table = samples[:, None] if samples.ndim == 1 else samples
    write_pieces(path, (table[first : first + PIECE] for first in range(0, len(table), PIECE)), table.shape[1], at)


def write_pieces(path: Path, pieces: Iterable[Samples], channels: int, at: int = SAMPLE_RATE) -> None:
    """`write` for a sound that comes in pieces, each (n, channels)."""
    import numpy as np

    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(at)
        for piece in pieces:
            whole = np.clip(np.rint(piece.astype(np.float64) * 32768), -32768, 32767).astype("<i2")
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
