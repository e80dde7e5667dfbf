"""`lipsync: viseme`: a face performed from phonemes and loudness, without a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.backends import Result
from talkmill.errors import BackendError
from talkmill.model import SAMPLE_RATE, Take

SMILES = {"neutral": 0.0, "happy": 0.5, "sad": -0.5, "angry": -0.3, "surprised": 0.0, "tender": 0.3}
"""Emotion -> rest of the curve `smile` while the segment lasts."""


class Viseme:
    """Face curves from a take's phonemes (any language, by IPA) and its sound.

    Request: `fps`, `frames`, `lead` (frames), `take`, `emotion`, `sync_strength` (0..1.2), `seed`, and `shift` (ms, default 0;
    negative moves the curves earlier than the take's times say). Inputs: `sound`, 48 kHz mono s16 WAV. Raises `BackendError`.
    """

    name = "viseme"
    version = 1
    licence = "Apache-2.0"
    packages = ("openfacefx", "numpy")

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write curves.json; facts: `frames`, `closures`, `closures_shut`, `still`."""
        import numpy as np

        from talkmill.backends.lipsync.articulation import phones_of
        from talkmill.backends.lipsync.gestures import gesture_curves
        from talkmill.backends.lipsync.mouth import loudness_of, mouth_curves, rest_at_ends

        fps, frames, lead = request["fps"], request["frames"], request["lead"]
        take = Take.from_json(request["take"])
        step = SAMPLE_RATE // fps
        offset = lead * step
        moved = offset + round(request.get("shift", 0) * SAMPLE_RATE / 1000)
        phones = phones_of([(p.symbol, p.start + moved, p.end + moved) for p in take.phonemes], frames * step)
        loudness = loudness_of(_sound(inputs["sound"]), offset, fps, frames, phones)
        curves = mouth_curves(phones, loudness, fps, frames, request.get("sync_strength", 1.0))
        curves["smile"] = (
            SMILES[request.get("emotion", "neutral")] * rest_at_ends(frames, fps, 0.4) * (1 - 0.6 * curves["round"])
        )
        curves |= gesture_curves(frames)
        data = {
            "fps": fps,
            "frames": frames,
            "curves": {name: (np.round(values, 4) + 0.0).tolist() for name, values in curves.items()},
        }
        path = workdir / "curves.json"
        path.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
        return Result({"curves": path}, {"frames": frames})


def _sound(path: Path):
    """A 48 kHz mono s16 WAV as numbers in -1..1; `BackendError` for any other."""
    import wave

    import numpy as np

    try:
        with wave.open(str(path), "rb") as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise BackendError(f"{path}: not a readable WAV file ({error}). Make the take again.") from error
    if shape != (SAMPLE_RATE, 1, 2):
        found = f"{shape[0]} Hz, {shape[1]} channels, {8 * shape[2]} bits"
        raise BackendError(f"{path}: not a take ({found}). A take is 48000 Hz, mono, 16 bits.")
    return np.frombuffer(data, "<i2") / 32768.0
