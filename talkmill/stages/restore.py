"""restore: what lip sync made, with the mouth put right; what is drawn, and who is silent, passes through."""

from __future__ import annotations

from talkmill.model import Timeline
from talkmill.stages import Job, Outcome
from talkmill.stages.lipsync import mouth, staged, under

HERE = "warp"
"""Whose mouths are put right: in what is bought the head may be elsewhere than in the clip, and its maker has done that."""


def run(job: Job) -> Outcome:
    """The makings of `lipsync` by their names: those of photographs and clips that speak restored, the others as they are.

    `settings`: `backend` (null: nothing is restored), and `shots`, `figures` and `kinds` as `lipsync` has them. Tickets:
    `clean`, `lipsync`, and `animate:<character>` and `inspect:<character>` of each figure.
    """
    settings, done = job.settings, job.tickets["lipsync"]
    makings = dict(done.makings)
    plan = Timeline.from_json(job.tickets["clean"].facts["timeline"])
    pieces = staged(plan, settings["shots"])[1] if settings["backend"] and settings["figures"] else {}
    for name, piece in pieces.items():
        made = makings[name]
        if piece.character not in settings["figures"] or not piece.speaks or "frames" not in made.files:
            continue
        if mouth(job, piece)["backend"]["name"] != HERE:
            continue
        request = under(job, piece)
        source = {key: request["clip"][key] for key in ("frames", "fps", "width", "height")}
        request |= {"source": source, "clip": {key: made.facts[key] for key in source}}
        clip, track = (job.tickets[f"{verb}:{piece.character}"] for verb in ("animate", "inspect"))
        inputs = {
            "frames": made.files["frames"],
            "clip": clip.makings["clip"].files["frames"],
            "track": track.makings["track"].files["track"],
        }
        restored = job.make(settings["backend"], request, inputs)
        # What is said of the segment besides its frames stays known.
        files, facts = {**made.files, **restored.files}, {**made.facts, **restored.facts}
        makings[name] = type(made)(restored.key, files, facts)
    return Outcome(makings, dict(done.facts))
