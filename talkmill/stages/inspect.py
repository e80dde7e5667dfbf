"""inspect: the faces of a character's clip, and whether it can be made to talk."""

from __future__ import annotations

import sys

from talkmill.stages import Job, Outcome
from talkmill.stages.figures import about, in_clip


def run(job: Job) -> Outcome:
    """One making, `track`; what was found is told in the job's log and kept in the ticket's facts."""
    clip = job.tickets["animate"].makings["clip"]
    facts = {name: clip.facts[name] for name in ("frames", "fps", "width", "height")}
    inputs, request = {"frames": clip.files["frames"]}, dict(job.settings["request"])
    picture = job.tickets["portray"] if request["still"] else None
    if picture:
        inputs["image"] = picture.makings["rig"].files["image"]
        request["cut"] = {key: clip.facts[key] for key in ("scale", "corner")} if "scale" in clip.facts else None
    request["mouth_box"] = in_clip(request["mouth_box"], clip.facts, picture and picture.facts)
    with about(job.settings["name"]):
        making = job.make(job.settings["backend"], {**request, "clip": facts}, inputs)
    name = job.settings["name"] or f"the bought picture of {job.label()['character']}"
    for finding in making.facts["findings"] if job.tells else ():
        print(f"{finding['severity']}: {name}: {finding['text']}", file=sys.stderr, flush=True)
    return Outcome({"track": making}, {**making.facts, "mouth_box": request["mouth_box"]})
