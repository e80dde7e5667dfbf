"""speak: espeak. A formant voice in about a hundred languages: robotic, clear, always there."""

from __future__ import annotations

import difflib
import tempfile
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.speak import espeak_voices, take, text
from talkmill.backends.speak.process import Worker
from talkmill.backends.speak.times import Phone, letters
from talkmill.errors import BackendError

WORDS_A_MINUTE = 165
"""espeak-ng's rate at pace 1."""

LATE = 0.015
"""Seconds by which the events are late: a plosive's event comes after its closure (30 ms), other edges are exact."""


class Espeak:
    """espeak-ng in the text's language, or the voice that the request names.

    Request: `text`, `language` (BCP 47), `voice` (espeak's name, for example "en-gb+f3", or null), `pitch` (0 to 99),
    `effects`.
    The engine runs as its own process, one for each utterance, because its noise goes on from one text to the next.
    """

    name: ClassVar[str] = "espeak"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "none: the sound is the user's. The engine (GPL-3.0-or-later) does not bind it"
    packages: ClassVar[tuple[str, ...]] = ("espeakng-loader", "numpy", "soxr", "pyworld-prebuilt")

    @classmethod
    def no_such(cls, options: Mapping[str, JSON], settings: Mapping[str, JSON] | None = None) -> str | None:
        """Why there is no such voice, and near ones; None where there is one."""
        voices, named = espeak_voices.installed(), options.get("voice")
        if voices is None or not named:
            return None  # an engine that is not installed is told when it is started
        base, _, variant = named.partition("+")
        if not voices.has(base):
            near = difflib.get_close_matches(base.lower(), sorted(voices.languages), n=4, cutoff=0.3) or [
                "en-us",
                "en-gb",
                "es",
            ]
            return f"no voice of that name or language ({named!r}). Near ones are {', '.join(near)}"
        if variant and variant not in voices.variants:
            near = difflib.get_close_matches(variant, sorted(voices.variants), n=4, cutoff=0.3) or ["f1", "f2", "m1", "m3"]
            return f"no variant of that name ({variant!r} in {named!r}). Near ones are {', '.join(near)}"
        return None

    @classmethod
    def cannot(cls, options: Mapping[str, JSON], language: str, settings: Mapping[str, JSON] | None = None) -> str | None:
        """Why the voice does not speak the language; None where it does. A named voice speaks whatever it is given."""
        voices = espeak_voices.installed()
        return None if voices is None or options.get("voice") or voices.speaks(language) else f"has no voice for {language}"

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Speak one utterance.

        Raises:
            BackendError: nothing in the text can be spoken, or there is no such voice or language.
        """
        import numpy as np

        if why := self.no_such(request):
            raise BackendError(f"speak: espeak: {why}; correct `voice`.")
        words = text.written(request["text"])
        said = [text.spoken(word, request["language"]) for word in words]
        text.require_speakable(self.name, request["text"], said)
        effects = request.get("effects") or {}
        worker = Worker("espeak", "espeak_worker.py")
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "sound.raw"
            try:
                answer = worker.ask(
                    {
                        "voice": request.get("voice") or request["language"],
                        "names": espeak_voices.NAMES,
                        "text": " ".join(word for word in said if word),
                        "out": str(out),
                        "rate": round(WORDS_A_MINUTE * effects.get("pace", 1)),
                        "pitch": request.get("pitch", 50),
                    }
                )
            finally:
                worker.close()
            raw = np.frombuffer(out.read_bytes(), "<i2").astype(np.float32) / np.float32(32768)
        speech = take.Speech(answer["rate"], LATE, effects)
        speech.timed(raw, phones(answer, word_starts(said)))
        return take.finish(speech, words, workdir)


def word_starts(said: Sequence[str]) -> list[tuple[int, int]]:
    """The character at which each word begins in the text that the engine gets, and the word's index."""
    starts: list[tuple[int, int]] = []
    length = 0
    for index, word in enumerate(said):
        if word:
            starts.append((length, index))
            length += len(word) + 1
    return starts


def phones(answer: Mapping[str, Any], starts: Sequence[tuple[int, int]]) -> list[Phone]:
    """The engine's events as phones without holes, each with its word."""
    characters = [character for character, _ in starts]
    marks = []  # sample from which a word is spoken, word
    current = 0
    for character, sample in answer["words"]:
        current = max(current, bisect_right(characters, character) - 1, 0)
        marks.append((sample, starts[current][1]))
    samples = [sample for sample, _ in marks]
    events = [*answer["phonemes"], ["", answer["samples"]]]
    found: list[Phone] = []
    now = 0
    if events[0][1] > 0:
        events.insert(0, ["", 0])
    for (symbol, start), (_, end) in pairwise(events):
        start, end = max(start, now), min(max(end, now), answer["samples"])
        now = max(now, end)
        parts = letters(symbol)
        for place, letter in enumerate(parts or [""]):
            share = (end - start) / max(len(parts), 1)
            word = marks[max(bisect_right(samples, start) - 1, 0)][1] if letter and marks else None
            if share > 0:
                found.append(Phone(letter, start + place * share, start + (place + 1) * share, word))
    return take.merged(found)
