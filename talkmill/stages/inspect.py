"""inspect: the faces of a character's clip, and whether it can be made to talk."""

from __future__ import annotations

import sys

from talkmill.stages import Job, Outcome
from talkmill.stages.figures import about


def run(job: Job) -> Outcome:
    """One making, `track`; what was found is told in the job's log and kept in the ticket's facts."""
    clip = job.tickets["animate"].makings["clip"]
    facts = {name: clip.facts[name] for name in ("frames", "fps", "width", "height")}
    inputs = {"frames": clip.files["frames"]}
    if job.settings["request"]["still"]:
        inputs["image"] = job.tickets["portray"].makings["rig"].files["image"]
    with about(job.settings["name"]):
        making = job.make(job.settings["backend"], {**job.settings["request"], "clip": facts}, inputs)
    for finding in making.facts["findings"]:
        print(f"{finding['severity']}: {job.settings['name']}: {finding['text']}", file=sys.stderr, flush=True)
    return Outcome({"track": making}, dict(making.facts))
