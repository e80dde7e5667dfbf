"""portray: the character's rig, once for all episodes."""

from __future__ import annotations

from talkmill.stages import Job, Outcome
from talkmill.stages.figures import about


def run(job: Job) -> Outcome:
    """One making: the rig and its layers."""
    drawings = job.settings["files"]
    inputs = {name: file["digest"] for name, file in drawings.items()}
    files = {name: job.root / file["path"] for name, file in drawings.items()}
    with about(job.settings.get("name")):
        making = job.make(job.settings["backend"], job.settings["request"], inputs, files)
    licence = job.backend("portray", job.settings["backend"]["name"]).licence  # for a making that names none
    return Outcome({"rig": making}, {"licence": {"name": licence}} | dict(making.facts))
