"""animate: a clip of a character of photographs in which it does not speak, once for all episodes."""

from __future__ import annotations

from talkmill.stages import Job, Outcome
from talkmill.stages.figures import about


def run(job: Job) -> Outcome:
    """One making, `clip`: the role `frames`."""
    given = job.settings["files"]
    inputs = {name: file["digest"] for name, file in given.items()}
    files = {name: job.root / file["path"] for name, file in given.items()}
    if "portray" in job.tickets:
        inputs["image"] = job.tickets["portray"].makings["rig"].files["image"]
    with about(job.settings["name"]):
        making = job.make(job.settings["backend"], job.settings["request"], inputs, files)
    licence = job.backend("animate", job.settings["backend"]["name"]).licence or "your own"
    return Outcome({"clip": making}, dict(making.facts) | {"licence": {"name": licence}})
