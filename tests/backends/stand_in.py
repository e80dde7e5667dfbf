"""Loudness for these tests while `talkmill.media.loudness` is not there: the same two functions, by ffmpeg's ebur128."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import NamedTuple

from talkmill import media
from talkmill.media import ffmpeg


class Loudness(NamedTuple):
    integrated: float
    true_peak: float
    range: float


def measure(path: Path) -> Loudness:
    _, log = ffmpeg.run(
        ["-nostats", "-i", ffmpeg.url(path), "-map", "0:a:0", "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    )
    summary = log[log.rindex("Summary") :]
    return Loudness(*(float(re.search(rf"{name}:\s+(-?[\d.]+|-inf)", summary)[1]) for name in ("I", "Peak", "LRA")))  # type: ignore[index]


def normalise(src: Path, dst: Path, target: float = -14.0, ceiling: float = -2.0) -> Loudness:
    gain = target - measure(src).integrated
    for _ in range(4):
        chain = (
            f"aresample=192000,volume={gain}dB,alimiter=limit={10 ** (ceiling / 20)}:level=false:latency=true,aresample=48000"
        )
        ffmpeg.run(["-i", ffmpeg.url(src), "-af", chain, "-c:a", "pcm_s16le", "-y", ffmpeg.url(dst)])
        found = measure(dst)
        if abs(target - found.integrated) < 0.1:
            break
        gain += target - found.integrated
    return found


def install() -> None:
    """Put the stand-in where the real module will be, if it is not there."""
    try:
        import talkmill.media.loudness  # noqa: F401
    except ImportError:
        module = types.ModuleType("talkmill.media.loudness")
        module.measure, module.normalise, module.Loudness = measure, normalise, Loudness  # type: ignore[attr-defined]
        sys.modules[module.__name__] = module
        media.loudness = module  # type: ignore[attr-defined]
