"""The script: who says what."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Utterance:
    """One line of a script by one speaker, in one language."""

    speaker: str  # a character's id
    text: str  # NFC, one paragraph, not empty
    language: str  # BCP 47, as in the YAML: "en", "es", "pt-BR"
    pause: float = 0.35  # seconds of silence after the utterance
    emotion: str = "neutral"
    strength: float = 1.0  # of the emotion, 0..1
    overlap: float = 0.0  # seconds by which it starts before the line before it has ended; 0: after that line's pause

    def to_json(self) -> dict[str, Any]:
        """Plain values for a ticket."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Utterance:
        """The inverse of `to_json`."""
        return cls(**data)
