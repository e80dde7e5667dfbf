"""The episode's master: cleaned takes at their places on one timeline, and music under them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill.backends import Result
from talkmill.model import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
    version: ClassVar[int] = 2
    licence: ClassVar[str] = "Apache-2.0"
    packages: ClassVar[tuple[str, ...]] = ("soxr",)

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Mix the takes; where two overlap they add up. A mix with music that is too loud is turned down as a whole.

        Raises:
            BackendError: the music is no sound that can be read, or silent.
        """
        import numpy as np

        from talkmill.media import sound

        master = np.zeros(request["samples"], np.float32)
        for index, start in enumerate(request["starts"]):
            take, _ = sound.read(inputs[f"take:{index}"])
            master[start : start + len(take)] += take[:, 0]
        path, model = workdir / "master.wav", workdir / "model.wav"
        sound.write(path, np.clip(master, -1, 1))
        sound.to_model_rate(path, model)
        if "music" in request:
            master += backing(inputs["music"], request["music"], request["samples"], workdir)
            peak = float(np.abs(master).max(initial=0))
            sound.write(path, master * np.float32(0.98 / peak) if peak > 0.98 else master)
        return Result({"sound": path, "model": model}, {"samples": request["samples"]})


def backing(path: Path, music: Mapping[str, Any], samples: int, workdir: Path) -> NDArray[np.float32]:
    """The music as long as the episode, (samples,): silence before and after it, faded at the end, never repeated."""
    import numpy as np

    from talkmill.errors import BackendError, MediaError
    from talkmill.media import ffmpeg, loudness, sound

    whole = workdir / "music.wav"
    filters = f"aresample={SAMPLE_RATE}:resampler=soxr:precision=28,aformat=channel_layouts=mono"
    try:
        arguments = ["-map", "0:a:0", "-vn", "-af", filters, "-c:a", "pcm_s16le", "-y", ffmpeg.url(whole)]
        ffmpeg.run(["-i", ffmpeg.url(path), *arguments])
        table, _ = sound.read(whole)
        level = loudness.measure(whole).integrated if np.abs(table).max(initial=0) > 1e-3 else -math.inf
    except MediaError as error:
        raise BackendError(f"clean: music: {path.name}: is no sound that can be read ({error}). Export it again.") from None
    finally:
        whole.unlink(missing_ok=True)
    if not math.isfinite(level) or level < -70:
        raise BackendError(f"clean: music: {path.name}: nothing is heard (silence). Name another file, or take `music:` away.")
    start = music["start"]
    track = table[max(-start, 0) :, 0][: max(samples - max(start, 0), 0)] * np.float32(10 ** ((music["level"] - level) / 20))
    out = np.zeros(samples, np.float32)
    out[max(start, 0) : max(start, 0) + len(track)] = track
    fade = min(round(FADE * SAMPLE_RATE), samples)
    out[samples - fade :] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return out
