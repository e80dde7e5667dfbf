"""The episode's master: cleaned takes at their places on one timeline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from talkmill.backends import Result


class Timeline:
    """Adds takes into one sound.

    - request: `samples` (length at 48 kHz), `starts` (sample at which each take begins)
    - inputs: `take:<n>` (48 kHz mono WAV)
    - files: `sound` (48 kHz mono s16), `model` (16 kHz mono s16, for models)
    - facts: `samples`
    """

    name: ClassVar[str] = "timeline"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "Apache-2.0"
    packages: ClassVar[tuple[str, ...]] = ("soxr",)

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Mix the takes; where two overlap they add up, held within full scale."""
        import numpy as np

        from talkmill.media import sound

        master = np.zeros(request["samples"], np.float32)
        for index, start in enumerate(request["starts"]):
            take, _ = sound.read(inputs[f"take:{index}"])
            master[start : start + len(take)] += take[:, 0]
        path, model = workdir / "master.wav", workdir / "model.wav"
        sound.write(path, np.clip(master, -1, 1))
        sound.to_model_rate(path, model)
        return Result({"sound": path, "model": model}, {"samples": request["samples"]})
