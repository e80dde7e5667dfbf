"""`lipsync: listen`: the face of somebody who listens: mouth shut, alive, with the one who speaks."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.backends import Result

ECHO = 0.45
"""How much of the speaker's emotion is seen on who listens."""
ANSWERED = {"angry": "surprised"}
"""Emotions that are not mirrored, and what is felt instead."""


class Listen:
    """Curves of a listener: blinks, small nods at the ends of phrases, glances; see the verb's contract. Facts: `frames`."""

    name = "listen"
    version = 1
    licence = "Apache-2.0"
    packages = ("numpy",)

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write curves.json."""
        import numpy as np

        fps, frames = request["fps"], request["frames"]
        curves = listening(frames, fps, request["heard"], request["emotion"], request["strength"], request["seed"])
        rounded = {name: (np.round(values, 4) + 0.0).tolist() for name, values in curves.items()}
        path = workdir / "curves.json"
        path.write_text(json.dumps({"fps": fps, "frames": frames, "curves": rounded}, separators=(",", ":")), encoding="utf-8")
        return Result({"curves": path}, {"frames": frames})


def listening(frames: int, fps: int, heard: list[list[float]], emotion: str, strength: float, seed: str) -> dict[str, Any]:
    """The curves smile, blink, lid, gaze_x, gaze_y, viewer, brow, inner, nod, tilt and turn of a listener; no mouth curve."""
    import numpy as np

    from talkmill.backends.lipsync.envelope import pulse, rest_at_ends, smooth
    from talkmill.backends.lipsync.gestures import MOODS, TRANSITION, Speech, blinks

    times, length = (np.arange(frames) + 0.5) / fps, frames / fps
    mood = MOODS[ANSWERED.get(emotion, emotion)].at(ECHO * strength)

    def stream(name: str) -> random.Random:
        return random.Random(f"{seed}|listen {name}|{frames}")  # noqa: S311 - not for secrets

    speech = Speech(length, [(start, end) for start, end in heard], [], [])
    slow, felt = rest_at_ends(frames, fps, 0.7), rest_at_ends(frames, fps, TRANSITION)
    nod, smile, rng = np.full(frames, mood.nod), np.full(frames, mood.smile), stream("nod")
    last = -1.0
    for _, end in heard:
        agrees, size, count = rng.random() < 0.5, rng.uniform(0.2, 0.4), rng.choice((1, 1, 2))
        if agrees and end > last + 1.8 and end + 0.2 < length:
            for number in range(count):
                nod += size * 0.7**number * pulse(times, end + 0.25 + 0.42 * number, 0.2, 0.02, 0.26)
            smile += 0.2 * pulse(times, end + 0.35, 0.3, 0.5, 0.5)
            last = end
    rng = stream("viewer")
    viewer, now = np.zeros(frames), rng.uniform(1.6, 4.0)
    while now < length - 1.2:  # a glance at the viewer, who is part of the round
        stay = rng.uniform(0.4, 0.8)
        viewer += pulse(times, now + 0.08, 0.12, stay, 0.12)
        now += stay + rng.uniform(2.6, 5.0)
    rng = stream("pose")
    tilt, side, now, held = np.zeros(frames), rng.choice((-1, 1)), rng.uniform(0.3, 1.0), 0.0
    while now < length - 0.8:
        pose = side * (rng.uniform(0.1, 0.35) + mood.lean)
        tilt += (pose - held) * smooth((times - now) / rng.uniform(0.8, 1.2))
        held, side, now = pose, -side if rng.random() < 0.5 else side, now + rng.uniform(2.2, 4.0)
    rng = stream("gaze")
    gaze = {name: np.zeros(frames) for name in ("gaze_x", "gaze_y")}
    now, place = rng.uniform(0.3, 0.9), {"gaze_x": 0.0, "gaze_y": 0.0}
    while now < length - 0.3:  # from one of the speaker's eyes to the other, and to the mouth
        for name, reach in (("gaze_x", 0.07), ("gaze_y", 0.06)):
            wanted = rng.uniform(-reach, reach)
            gaze[name] += (wanted - place[name]) * smooth((times - now) / 0.06)
            place[name] = wanted
        now += rng.uniform(0.6, 1.6)
    curves = {
        "smile": smile * felt,
        "blink": blinks(speech, times, fps, stream("blink")),
        "lid": mood.lid * felt,
        "viewer": viewer * felt,
        "gaze_x": gaze["gaze_x"] * felt,
        "gaze_y": gaze["gaze_y"] * felt,
        "brow": np.full(frames, mood.brow) * felt,
        "inner": mood.inner * felt,
        "nod": nod * felt,
        "tilt": tilt * slow,
        "turn": np.zeros(frames),
    }
    return {name: np.clip(values, -1, 1) for name, values in curves.items()}
