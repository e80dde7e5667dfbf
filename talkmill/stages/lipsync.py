"""lipsync: one segment an utterance; each counts time from its own start."""

from __future__ import annotations

import json

from talkmill.model import Timeline
from talkmill.stages import Job, Outcome


def run(job: Job) -> Outcome:
    """One making a segment, named by its number: `curves`."""
    plan = Timeline.from_json(job.tickets["clean"].facts["timeline"])
    lines = job.tickets["write"].facts["utterances"]
    makings = {}
    for index, segment in enumerate(plan.segments):
        name = str(index)
        take = json.loads(job.object(job.tickets["speak"].makings[name].files["times"]).read_bytes())
        request = {
            "fps": plan.fps,
            "frames": segment.frames,
            "lead": segment.lead,
            "take": take,
            "emotion": lines[index]["emotion"],
            "sync_strength": job.settings["sync_strength"],
            "seed": job.settings["seed"],
        }
        makings[name] = job.make(job.settings["backend"], request, {"sound": job.tickets["clean"].makings[name].files["sound"]})
    return Outcome(makings)
