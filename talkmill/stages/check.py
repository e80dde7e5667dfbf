"""check: measure the finished videos; a hard fail is a failed job."""

from __future__ import annotations

from talkmill.errors import CheckError
from talkmill.stages import Job, Outcome


def run(job: Job) -> Outcome:
    """One making a format, named by it: `report`.

    Raises:
        CheckError: a video failed; every failure is named.
    """
    render, captions = job.tickets["render"], job.tickets["caption"].makings["captions"].files
    makings, failures = {}, []
    for shape, video in render.makings.items():
        request = {
            "format": shape,
            "fps": render.facts["fps"],
            "frames": render.facts["frames"],
            "loudness": job.settings["loudness"],
        }
        inputs = {"video": video.files["video"]}
        if job.settings["burn"]:
            inputs["ass"] = captions[f"ass-{shape}"]
            inputs |= {role: name for role, name in captions.items() if role.startswith("fonts-")}
        makings[shape] = job.make(job.settings["backend"], request, inputs)
        failures += [f"{shape}.mp4: {failure}" for failure in makings[shape].facts["failures"]]
    if failures:
        raise CheckError("check: the finished video is not fit to publish. " + " ".join(failures))
    return Outcome(makings)
