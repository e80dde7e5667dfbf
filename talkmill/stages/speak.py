"""speak: one take an utterance, from its speaker's voice or from a recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talkmill.model import Utterance
from talkmill.stages import Job, Outcome

PACE = {"happy": 1.03, "sad": 0.94, "angry": 1.04, "surprised": 1.05, "tender": 0.96}
"""How much faster an emotion speaks at full strength."""


def paced(options: Mapping[str, Any], line: Utterance) -> dict[str, Any]:
    """A voice's options with the pace of the line's emotion; a voice without `effects` speaks as it does."""
    pace = 1 + line.strength * (PACE.get(line.emotion, 1.0) - 1)
    effects = options.get("effects")
    if pace == 1 or not isinstance(effects, Mapping):
        return dict(options)
    return {**options, "effects": {**effects, "pace": round(min(max(effects["pace"] * pace, 0.5), 2.0), 4)}}


def run(job: Job) -> Outcome:
    """One making an utterance, named by its number: `sound` and `times`."""
    makings = {}
    for index, data in enumerate(job.tickets["write"].facts["utterances"]):
        line = Utterance.from_json(data)
        recorded = job.settings["recordings"].get(str(index))
        voice = recorded or job.settings["voices"][line.speaker]
        request = {**voice["options"], "text": line.text, "language": line.language}
        if not recorded:
            request = {**paced(request, line), "seed": job.settings["seed"]}
        inputs = {name: file["digest"] for name, file in voice["files"].items()}
        files = {name: job.root / file["path"] for name, file in voice["files"].items()}
        makings[str(index)] = job.make(voice["backend"], request, inputs, files)
    return Outcome(makings)
