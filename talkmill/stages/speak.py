"""speak: one take an utterance, from its speaker's voice or from a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
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
    tasks = {}
    lines = [Utterance.from_json(data) for data in job.tickets["write"].facts["utterances"]]
    for index, line in enumerate(lines):
        recorded = job.settings["recordings"].get(str(index))
        voice = recorded or job.settings["voices"][line.speaker]
        request = {**voice["options"], "text": line.text, "language": line.language}
        if not recorded:
            request = {**paced(request, line), "seed": job.settings["seed"]}
        if request.get("context") is not None:
            request["context"] = neighbours(lines, index) if request["context"] else {}
        inputs = {name: file["digest"] for name, file in voice["files"].items()}
        files = {name: job.root / file["path"] for name, file in voice["files"].items()}
        label = {"character": line.speaker, "making": str(index)}
        tasks[str(index)] = voice["backend"], partial(job.make, voice["backend"], request, inputs, files, label)
    return Outcome(job.all(tasks))


def neighbours(lines: Sequence[Utterance], index: int) -> dict[str, str]:
    """The lines beside a line that the same speaker says."""
    beside = {"previous": index - 1, "next": index + 1}
    here = lines[index].speaker
    return {name: lines[at].text for name, at in beside.items() if 0 <= at < len(lines) and lines[at].speaker == here}
