"""What every speech engine ends with: one sound at 48 kHz and its times beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from talkmill.backends import Result
from talkmill.backends.speak.edges import refine, trim
from talkmill.backends.speak.effects import shift
from talkmill.backends.speak.times import Phone, assign, phones
from talkmill.media import sound
from talkmill.model.speech import SAMPLE_RATE, Phoneme, Take, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Part: TypeAlias = tuple[NDArray[np.float32], Sequence[tuple[str, float]]]

GAP = 0.15
"""Seconds of silence between two sentences of one utterance, on top of those that `edges.trim` leaves: 0.4 in all."""

PEAK = 0.95
"""Largest sample of a take; a louder one is turned down as a whole."""


class Speech:
    """An utterance as it comes from an engine, sentence by sentence: its sound and its phones, in samples of `rate`.

    `late` is the engine's constant lateness in seconds (see `edges.refine`); `effects` has `pitch` and `formant` in semitones.
    """

    def __init__(self, rate: int, late: float, effects: Mapping[str, Any]) -> None:
        self.rate = rate
        self.late = late
        self.effects = effects
        self.phones: list[Phone] = []
        self._pieces: list[NDArray[np.float32]] = []
        self._length = 0

    def sentence(self, parts: Sequence[Part], words: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Add one sentence.

        Args:
            parts: for each part of it (engines may cut a sentence) its sound (n,), and each symbol with its length; the
                lengths add up to n.
            words: (index of the written word, symbols of the word spoken alone), in order.
        """
        spoken = [phones(tokens) for _, tokens in parts]
        assign([phone for part in spoken for phone in part], words)
        for (samples, _), part in zip(parts, spoken, strict=True):
            self.timed(samples, part)

    def timed(self, samples: NDArray[np.float32], spoken: Sequence[Phone]) -> None:
        """Add a part of a sentence, sound (n,), whose phones have their times from its start and their words."""
        import numpy as np

        refine(spoken, samples, self.rate, self.late)
        samples, spoken = trim(samples, spoken, self.rate)
        samples = shift(samples, self.rate, self.effects.get("pitch", 0), self.effects.get("formant", 0))
        if self._pieces:
            silence = np.zeros(round(GAP * self.rate), np.float32)
            self._pieces.append(silence)
            self.phones.append(Phone("", self._length, self._length + len(silence)))
            self._length += len(silence)
        for phone in spoken:
            phone.start += self._length
            phone.end += self._length
        self._pieces.append(samples)
        self._length += len(samples)
        self.phones = merged([*self.phones, *spoken])

    @property
    def samples(self) -> NDArray[np.float32]:
        """The sound so far, (n,)."""
        import numpy as np

        return np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.float32)


def merged(phones: Sequence[Phone]) -> list[Phone]:
    """Pauses that touch become one."""
    out: list[Phone] = []
    for phone in phones:
        if out and not out[-1].symbol and not phone.symbol:
            out[-1].end = phone.end
        else:
            out.append(phone)
    return out


def finish(speech: Speech, words: Sequence[str], workdir: Path) -> Result:
    """Write `sound.wav` and `times.json`.

    Args:
        speech: the sound and its phones.
        words: all words as they are written.
        workdir: where the files go.
    """
    import numpy as np

    out = sound.resample(speech.samples, speech.rate, SAMPLE_RATE)
    peak = float(np.abs(out).max(initial=0))
    if peak > PEAK:
        out = out * np.float32(PEAK / peak)
    take = times(speech.phones, words, speech.rate, len(out))
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
