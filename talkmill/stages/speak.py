"""speak: one take an utterance, from its speaker's voice or from a recording."""

from __future__ import annotations

from talkmill.model import Utterance
from talkmill.stages import Job, Outcome


def run(job: Job) -> Outcome:
    """One making an utterance, named by its number: `sound` and `times`."""
    makings = {}
    for index, data in enumerate(job.tickets["write"].facts["utterances"]):
        line = Utterance.from_json(data)
        recorded = job.settings["recordings"].get(str(index))
        voice = recorded or job.settings["voices"][line.speaker]
        request = {**voice["options"], "text": line.text, "language": line.language}
        if not recorded:
            request["seed"] = job.settings["seed"]
        inputs = {name: file["digest"] for name, file in voice["files"].items()}
        files = {name: job.root / file["path"] for name, file in voice["files"].items()}
        makings[str(index)] = job.make(voice["backend"], request, inputs, files)
    return Outcome(makings)
