"""What the aligners share: the sound as they get it, and their phones as a take with a match for every word."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from talkmill.backends import JSON, Result
from talkmill.backends.align.reference import Reference, reference
from talkmill.backends.speak import edges, take
from talkmill.backends.speak.times import Phone
from talkmill.media import sound
from talkmill.model import SAMPLE_RATE, Take

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Align: TypeAlias = Callable[[NDArray[np.float32], Reference], list[Phone]]

PAD = 0.3
"""Seconds of silence put before and after a recording: it may begin with the first word at once."""


@dataclass(frozen=True)
class Aligned:
    """Phones and pauses without holes, in samples of `sound.MODEL_RATE` from the recording's start."""

    words: tuple[str, ...]  # as written
    phones: list[Phone]
    matches: dict[int, float]  # word -> 0..1, how well it fits what is heard there

    def take(self, samples: int) -> Take:
        """The times at 48 kHz of a recording of so many samples."""
        return take.times(self.phones, self.words, sound.MODEL_RATE, samples)


def aligned(align: Align, samples: NDArray[np.float32], spoken: Reference, sung: bool) -> Aligned:
    """Align a recording.

    Args:
        align: an aligner's function.
        samples: the recording, (n,) at `sound.MODEL_RATE`.
        spoken: the text.
        sung: whether it is a song: held sounds are shortened while it is aligned.
    """
    import numpy as np

    from talkmill.backends.align.song import open_vowels, shortened
    from talkmill.backends.align.trust import matches

    pad = round(PAD * sound.MODEL_RATE)
    heard = np.pad(samples.astype(np.float32), pad)
    places = whole = np.array([0.0, float(len(heard))])
    if sung:
        heard, places, whole = shortened(heard)
    phones = take.merged(align(heard, spoken))
    edges.refine(phones, heard, sound.MODEL_RATE, 0.0)
    fit = matches(heard, phones)
    for phone in phones:
        start, end = np.interp([phone.start, phone.end], places, whole) - pad
        phone.start = min(max(float(start), 0.0), len(samples))
        phone.end = min(max(float(end), 0.0), len(samples))
    if sung:
        open_vowels(phones, sound.MODEL_RATE)
    return Aligned(spoken.words, [phone for phone in phones if phone.end > phone.start], fit)


def run(align: Align, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
    """What both backends do with a request."""
    table, rate = sound.read(inputs["sound"])
    samples = sound.resample(table.mean(axis=1), rate, sound.MODEL_RATE)
    spoken = reference(request["text"], request["language"])
    found = aligned(align, samples, spoken, bool(request.get("sung")))
    times = found.take(len(table))
    path = workdir / "times.json"
    path.write_text(json.dumps(times.to_json(), ensure_ascii=False), encoding="utf-8")
    return Result({"times": path}, {"samples": len(table), **facts(times, found.matches)})


def facts(times: Take, fit: Mapping[int, float]) -> dict[str, JSON]:
    """`match` and `words` of the contract."""
    from talkmill.backends.align.trust import overall

    words = [
        [word.text, round(word.start / SAMPLE_RATE, 3), round(word.end / SAMPLE_RATE, 3), round(fit[index], 3)]
        for index, word in enumerate(times.words)
        if index in fit
    ]
    return {"match": round(overall(fit), 3), "words": words}
