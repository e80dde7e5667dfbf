"""What every speech engine ends with: one sound at 48 kHz and its times beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkmill.backends import Result
from talkmill.backends.speak.times import Phone
from talkmill.media import sound
from talkmill.model.speech import SAMPLE_RATE, Phoneme, Take, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PEAK = 0.95
"""Largest sample of a take; a louder one is turned down as a whole."""


def finish(
    samples: NDArray[np.float32],
    rate: int,
    phones: Sequence[Phone],
    words: Sequence[str],
    effects: Mapping[str, Any],
    workdir: Path,
) -> Result:
    """Write `sound.wav` and `times.json`.

    Args:
        samples: (n,) mono sound as the engine gave it, at `rate`.
        rate: samples a second.
        phones: phones and pauses in time order, with the index of their word.
        words: all words as they are written.
        effects: `pitch` and `formant` in semitones.
        workdir: where the files go.
    """
    import numpy as np

    from talkmill.backends.speak.effects import shift

    samples = shift(samples, rate, effects.get("pitch", 0), effects.get("formant", 0))
    out = sound.resample(samples, rate, SAMPLE_RATE)
    peak = float(np.abs(out).max(initial=0))
    if peak > PEAK:
        out = out * np.float32(PEAK / peak)
    take = times(phones, words, rate, len(out))
    files = {"sound": workdir / "sound.wav", "times": workdir / "times.json"}
    sound.write(files["sound"], out)
    files["times"].write_text(json.dumps(take.to_json(), ensure_ascii=False), encoding="utf-8")
    return Result(files=files, facts={"samples": len(out)})


def times(phones: Sequence[Phone], words: Sequence[str], rate: int, samples: int) -> Take:
    """The take's times at 48 kHz; a word that is not heard has no length, at the end of the word before it."""

    def at(place: float) -> int:
        return min(max(round(place * SAMPLE_RATE / rate), 0), samples)

    spans: dict[int, tuple[float, float]] = {}
    for phone in phones:
        if phone.word is not None and phone.symbol:
            start, _ = spans.get(phone.word, (phone.start, 0.0))
            spans[phone.word] = (start, phone.end)
    found = []
    now = 0
    for index, word in enumerate(words):
        start, end = (at(place) for place in spans[index]) if index in spans else (now, now)
        start = max(start, now)
        now = max(start, end)
        found.append(Word(word, start, now))
    return Take(
        samples=samples,
        words=tuple(found),
        phonemes=tuple(Phoneme(p.symbol, at(p.start), at(p.end)) for p in phones if at(p.end) > at(p.start)),
    )
