"""Speech: words and phonemes on exact time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SAMPLE_RATE = 48_000
"""Samples a second of every take, master and time in Talkmill."""


@dataclass(frozen=True)
class Word:
    """A word as it is written, with its punctuation, and when it is heard."""

    text: str
    start: int  # samples at SAMPLE_RATE from the start of the take
    end: int


@dataclass(frozen=True)
class Phoneme:
    """A phoneme in IPA, without stress and length marks; `""` is silence."""

    symbol: str
    start: int  # samples at SAMPLE_RATE from the start of the take
    end: int


@dataclass(frozen=True)
class Take:
    """An utterance spoken in one language: its length and its times (the sound itself is a file beside it)."""

    samples: int
    words: tuple[Word, ...]
    phonemes: tuple[Phoneme, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, times as whole samples: `{"samples", "words": [[text, start, end]], "phonemes": [[...]]}`."""
        return {
            "samples": self.samples,
            "words": [[word.text, word.start, word.end] for word in self.words],
            "phonemes": [[phone.symbol, phone.start, phone.end] for phone in self.phonemes],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Take:
        """The inverse of `to_json`."""
        return cls(
            samples=data["samples"],
            words=tuple(Word(*item) for item in data["words"]),
            phonemes=tuple(Phoneme(*item) for item in data["phonemes"]),
        )
