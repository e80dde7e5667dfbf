"""restore: what lip sync made, with the mouth put right; what is drawn passes through."""

from __future__ import annotations

from talkmill.stages import Job, Outcome

KEPT = ("play", "start", "face", "mouth_box")
"""Of the request of `lipsync` what `restore` must know too."""


def run(job: Job) -> Outcome:
    """The makings of `lipsync` by their names: restored where they are `frames`, else as they are.

    `settings`: `backend`, or null where nothing is restored, and `faces`: character -> what its lip sync was asked beside the line
    (`KEPT`), for characters of photographs; `names`: name of the making -> character.
    """
    settings = job.settings
    done = job.tickets["lipsync"]
    makings = dict(done.makings)
    for name, making in done.makings.items():
        character = settings["names"].get(name)
        if settings["backend"] is None or "frames" not in making.files or character not in settings["faces"]:
            continue
        face = settings["faces"][character]
        clip, seen = (job.tickets[f"{stage}:{character}"] for stage in ("animate", "inspect"))
        source = clip.makings["clip"]
        request = {key: face[key] for key in KEPT if key in face}
        facts = ("frames", "fps", "width", "height")
        request["clip"] = {key: making.facts[key] for key in facts}
        request["source"] = {key: source.facts[key] for key in facts}
        inputs = {"frames": making.files["frames"], "clip": source.files["frames"], "track": seen.makings["track"].files["track"]}
        makings[name] = job.make(settings["backend"], request, inputs)
    return Outcome(makings, dict(done.facts))
