"""The episode's master: cleaned takes at their places on one timeline, and music under them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill.backends import Result
from talkmill.model import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


PIECE = 1 << 20
"""Samples that are mixed at once: memory does not grow with the episode."""
FADE = 1.5
"""Seconds in which music fades out at the episode's end."""


class Timeline:
    """Adds takes, and music where there is some, into one sound.

    - request: `samples` (length at 48 kHz), `starts` (sample at which each take begins), and `music` {`level` (LUFS it is
      brought to), `start` (sample of the episode at which it begins; below 0 its beginning is left out)} where there is music
    - inputs: `take:<n>` (48 kHz mono WAV), `music` (any sound that ffmpeg reads)
    - files: `sound` (48 kHz mono s16), `model` (16 kHz mono s16, for models: the takes alone)
    - facts: `samples`
    """

    name: ClassVar[str] = "timeline"
    version: ClassVar[int] = 3
    licence: ClassVar[str] = "Apache-2.0"
    packages: ClassVar[tuple[str, ...]] = ("soxr",)

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Mix the takes; where two overlap they add up. A mix with music that is too loud is turned down as a whole.

        Raises:
            BackendError: the music is no sound that can be read, or silent.
        """
        import numpy as np

        from talkmill.media import sound

        samples = request["samples"]
        takes = [(start, inputs[f"take:{index}"]) for index, start in enumerate(request["starts"])]
        path, model, lower = workdir / "master.wav", workdir / "model.wav", workdir / "music.wav"
        sound.write_pieces(path, spoken(takes, samples), 1)
        sound.to_model_rate(path, model)
        if "music" in request:
            start, gain = backing(inputs["music"], request["music"], lower)
            with sound.Reader(lower) as reader:
                peak = max((float(np.abs(piece).max()) for piece in mixed(takes, samples, reader, start, gain)), default=0.0)
                down = np.float32(0.98 / peak) if peak > 0.98 else np.float32(1)
                sound.write_pieces(path, (piece * down for piece in mixed(takes, samples, reader, start, gain)), 1)
            lower.unlink()
        return Result({"sound": path, "model": model}, {"samples": samples})


def spoken(takes: Sequence[tuple[int, Path]], samples: int) -> Iterator[NDArray[np.float32]]:
    """The takes, each (where it begins, its file), in pieces of `PIECE` samples, (n, 1), clipped at full scale."""
    import numpy as np

    for piece in _sum(takes, samples):
        yield np.clip(piece, -1, 1)[:, None]


def mixed(
    takes: Sequence[tuple[int, Path]], samples: int, music: Any, start: int, gain: float
) -> Iterator[NDArray[np.float32]]:
    """The takes over the music (a `sound.Reader`) that begins at `start`, in pieces as `spoken`; it fades at the end."""
    import numpy as np

    fade = min(round(FADE * SAMPLE_RATE), samples)
    for number, piece in enumerate(_sum(takes, samples)):
        first = number * PIECE
        low, high = max(first, start), min(first + len(piece), start + music.count)
        if low < high:
            track = music.piece(low - start, high - start)[:, 0] * np.float32(gain)
            left = (samples - np.arange(low, high)) / fade if fade else np.ones(high - low)
            piece[low - first : low - first + len(track)] += track * np.minimum(left, 1).astype(np.float32)[: len(track)] ** 2
        yield piece[:, None]


def _sum(takes: Sequence[tuple[int, Path]], samples: int) -> Iterator[NDArray[np.float32]]:
    import numpy as np

    from talkmill.media import sound

    lengths = [sound.count(path) for _, path in takes]
    for first in range(0, samples, PIECE):
        last = min(first + PIECE, samples)
        out = np.zeros(last - first, np.float32)
        for (start, path), length in zip(takes, lengths, strict=True):
            low, high = max(first, start), min(last, start + length)
            if low < high:
                with sound.Reader(path) as reader:
                    out[low - first : high - first] += reader.piece(low - start, high - start)[:, 0]
        yield out


def backing(path: Path, music: Mapping[str, Any], target: Path) -> tuple[int, float]:
    """Write the music as mono WAV at 48 kHz; gives the sample of the episode at which it begins, and its gain (a factor)."""
    from talkmill.errors import BackendError, MediaError
    from talkmill.media import ffmpeg, loudness

    filters = f"aresample={SAMPLE_RATE}:resampler=soxr:precision=28,aformat=channel_layouts=mono"
    try:
        arguments = ["-map", "0:a:0", "-vn", "-af", filters, "-c:a", "pcm_s16le", "-bitexact", "-y", ffmpeg.url(target)]
        ffmpeg.run(["-i", ffmpeg.url(path), *arguments])
        level = loudness.measure(target).integrated
    except MediaError as error:
        raise BackendError(f"clean: music: {path.name}: is no sound that can be read ({error}). Export it again.") from None
    if not math.isfinite(level) or level < -70:
        raise BackendError(f"clean: music: {path.name}: nothing is heard (silence). Name another file, or take `music:` away.")
    return music["start"], 10 ** ((music["level"] - level) / 20)
