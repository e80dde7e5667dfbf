"""`lipsync: viseme`: a face performed from phonemes and loudness, without a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.backends import Result
from talkmill.model import SAMPLE_RATE, Take


class Viseme:
    """Face curves from a take's phonemes (any language, by IPA) and its sound.

    Request: `fps`, `frames`, `lead` (frames), `take`, `emotion`, `strength` (of the emotion, 0..1), `sync_strength` (0..1.2),
    `temporal_smoothing` (0..1), `seed`, and `shift` (ms, default 0;
    negative moves the curves earlier than the take's times say). Input: `sound`, a 48 kHz mono s16 WAV.

    Facts: `frames`; `closures`, how many p, b and m there are, and `closures_shut`, how many of them have a frame with shut
    lips; `still`, the share of the silent frames in which the mouth does not move.

    Raises `BackendError` where the sound is not a take.
    """

    name = "viseme"
    version = 4
    licence = "Apache-2.0"
    packages = ("numpy", "openfacefx")

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write curves.json (see the verb's contract)."""
        curves, facts = perform(request, inputs["sound"])
        path = workdir / "curves.json"
        data = {
            "fps": request["fps"],
            "frames": request["frames"],
            "curves": {name: values.tolist() for name, values in curves.items()},
        }
        path.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
        return Result({"curves": path}, {"frames": request["frames"], **facts})


def perform(request: Mapping[str, Any], source: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The face's curves for a request (name -> array of one value a frame, rounded to 4 decimals) and their facts.

    Raises:
        BackendError: `source` is not a take.
    """
    import numpy as np

    from talkmill.backends.lipsync.articulation import phones_of
    from talkmill.backends.lipsync.gestures import MOODS, gesture_curves
    from talkmill.backends.lipsync.mouth import closures, mouth_curves
    from talkmill.backends.lipsync.sound import measure, read

    fps, frames, lead = request["fps"], request["frames"], request["lead"]
    take = Take.from_json(request["take"])
    step = SAMPLE_RATE // fps
    sound = measure(read(source), lead * step, fps, frames)
    moved = lead * step + round(request.get("shift", 0) * SAMPLE_RATE / 1000)
    phones = phones_of([(p.symbol, p.start + moved, p.end + moved) for p in take.phonemes], frames * step)
    words = [(word.text, (word.start + moved) / SAMPLE_RATE, (word.end + moved) / SAMPLE_RATE) for word in take.words]
    curves = mouth_curves(phones, sound, request.get("sync_strength", 1.0), request.get("temporal_smoothing", 0.0))
    mood = MOODS[request.get("emotion", "neutral")].at(request.get("strength", 1.0))
    curves |= gesture_curves(phones, words, sound, mood, request.get("seed", 0), curves["round"])
    # Twice, so that the last bit of a float does not decide how the fifth decimal is rounded.
    rounded = {name: np.round(np.round(values, 9), 4) + 0.0 for name, values in curves.items()}
    return rounded, _facts(rounded, closures(phones, sound), sound)


def _facts(curves: Mapping[str, Any], holds: list[tuple[float, float]], sound: Any) -> dict[str, Any]:
    """`closures`, `closures_shut` and `still` of finished curves."""
    import numpy as np

    shut = (curves["press"] > 0.99) | (curves["open"] < 0.01)
    nearest = [int(np.argmin(np.abs(sound.middles - (start + end) / 2))) for start, end in holds]
    inside = [curves[name] * np.minimum(1.0, 10 * curves["open"]) for name in ("teeth", "tongue")]  # seen through the lips only
    mouth = np.stack([*(curves[name] for name in ("open", "width", "round", "tuck", "press")), *inside])
    moves = np.abs(np.diff(mouth, axis=1, prepend=mouth[:, :1])).max(axis=0)
    silent = sound.silent()
    return {
        "closures": len(holds),
        "closures_shut": int(shut[nearest].sum()) if nearest else 0,
        "still": round(float((moves[silent] < 0.02).mean()), 4) if silent.any() else 1.0,
    }
