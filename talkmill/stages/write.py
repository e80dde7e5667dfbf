"""write: the script of one episode in one language."""

from __future__ import annotations

from talkmill.stages import Job, Outcome


def run(job: Job) -> Outcome:
    """Facts only: the utterances, in order."""
    return Outcome(facts={"utterances": job.settings["utterances"]})
