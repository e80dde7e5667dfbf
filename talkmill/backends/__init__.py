"""Backends: what makes things. One folder a verb, one file a backend; nothing heavy is imported before `run`.

A backend is a class with facts on it and one method::

    class Joe:
        name = "joe"; version = 1; licence = "..."
        def run(self, request, inputs, workdir) -> Result

`request` holds plain JSON values only and, with the content digests of `inputs`, name and version, is the making's content
key: what is not in it must not change the result. `inputs` are files to read (from the store, read-only). The backend writes
its files into `workdir`, an empty folder, and is deterministic. It knows no cache, no store, no config and no retry.
Each verb's package docstring says what its `request`, `inputs`, files and facts are.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from talkmill.errors import RequestError
from talkmill.model.calls import Buy, Call

JSON = Any
"""A value that JSON holds: None, bool, int, float, str, list, dict."""


@dataclass(frozen=True)
class Result:
    """What a backend made: files by role, and small facts."""

    files: Mapping[str, Path]
    facts: Mapping[str, JSON] = field(default_factory=dict)


class Backend(Protocol):
    """The contract of every backend."""

    name: ClassVar[str]
    version: ClassVar[int]  # raise it when the same request gives another result
    licence: ClassVar[str]  # of what it makes, as far as code, weights or art bind it
    packages: ClassVar[tuple[str, ...]]  # distributions whose versions shape the result

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Make it."""
        ...


class PaidBackend(Protocol):
    """A backend that pays a provider: `run` prepares, has it bought, and makes the result of what comes back.

    All of it but `buy` is a free making: it runs again when its version is raised, and finds in the store what was bought.
    What is sent must not change from run to run: the same request and inputs give the same `Call`, byte for byte. A file whose
    bytes another version of a program would change is named by what it was made of instead (see `talkmill.model.calls.Buy`).
    """

    name: ClassVar[str]
    version: ClassVar[int]
    licence: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]
    provider: ClassVar[str]  # whose slots, caps and key it needs

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path, buy: Buy) -> Result:
        """Make it; every paid call goes through `buy`. `buy` may raise, and then nothing is made."""
        ...

    def estimate(self, request: Mapping[str, JSON], seconds: float) -> Sequence[Call]:
        """The calls that `run` would make, as far as can be said before its inputs are made; `seconds` of speech or motion."""
        ...


REGISTRY: dict[tuple[str, str], str] = {
    ("portray", "avatar"): "talkmill.backends.portray.avatar:Avatar",
    ("portray", "sheet"): "talkmill.backends.portray.sheet:Sheet",
    ("portray", "file"): "talkmill.backends.portray.file:File",
    ("animate", "idle"): "talkmill.backends.animate.idle:Idle",
    ("portray", "kling"): "talkmill.backends.portray.kling:Kling",
    ("animate", "kling"): "talkmill.backends.animate.kling:Kling",
    ("lipsync", "kling"): "talkmill.backends.lipsync.kling:Kling",
    ("animate", "clip"): "talkmill.backends.animate.clip:Clip",
    ("inspect", "landmarks"): "talkmill.backends.inspect.landmarks:Landmarks",
    ("speak", "piper"): "talkmill.backends.speak.piper:Piper",
    ("speak", "hibari"): "talkmill.backends.speak.hibari:Hibari",
    ("speak", "kokoro"): "talkmill.backends.speak.kokoro:Kokoro",
    ("speak", "espeak"): "talkmill.backends.speak.espeak:Espeak",
    ("speak", "elevenlabs"): "talkmill.backends.speak.elevenlabs:ElevenLabs",
    ("speak", "recording"): "talkmill.backends.speak.recording:Recording",
    ("align", "sphinx"): "talkmill.backends.align.sphinx:Sphinx",
    ("align", "synthesis"): "talkmill.backends.align.synthesis:Synthesis",
    ("align", "elevenlabs"): "talkmill.backends.align.elevenlabs:ElevenLabs",
    ("clean", "classic"): "talkmill.backends.clean.classic:Classic",
    ("clean", "timeline"): "talkmill.backends.clean.timeline:Timeline",
    ("portray", "fal"): "talkmill.backends.portray.fal:Fal",
    ("animate", "fal"): "talkmill.backends.animate.fal:Fal",
    ("lipsync", "fal"): "talkmill.backends.lipsync.fal:Fal",
    ("lipsync", "viseme"): "talkmill.backends.lipsync.viseme:Viseme",
    ("lipsync", "play"): "talkmill.backends.lipsync.play:Play",
    ("lipsync", "listen"): "talkmill.backends.lipsync.listen:Listen",
    ("lipsync", "warp"): "talkmill.backends.lipsync.warp:Warp",
    ("restore", "classic"): "talkmill.backends.restore.classic:Classic",
    ("caption", "libass"): "talkmill.backends.caption.libass:Libass",
    ("render", "ffmpeg"): "talkmill.backends.render.ffmpeg:Ffmpeg",
    ("check", "file"): "talkmill.backends.check.file:File",
}
"""(verb, backend) -> "module:Class"."""


def load(verb: str, name: str) -> Backend:
    """The backend of that verb and name; `RequestError` names the known ones."""
    try:
        module, _, attribute = REGISTRY[verb, name].partition(":")
    except KeyError:
        known = ", ".join(sorted(other for stage, other in REGISTRY if stage == verb))
        raise RequestError(f"{verb}: no backend of that name ({name!r}). Choose one of: {known}.") from None
    return getattr(importlib.import_module(module), attribute)()
