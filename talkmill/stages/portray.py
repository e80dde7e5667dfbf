"""portray: the character's rig, once for all episodes."""

from __future__ import annotations

from talkmill.stages import Job, Outcome


def run(job: Job) -> Outcome:
    """One making: the rig and its layers."""
    making = job.make(job.settings["backend"], job.settings["request"])
    return Outcome({"rig": making}, dict(making.facts))
