"""caption: words on the episode's time to cues and subtitle files."""

from __future__ import annotations

import json

from talkmill.model import Take, Timeline
from talkmill.stages import Job, Outcome


def run(job: Job) -> Outcome:
    """One making: `srt`, `vtt`, an `ass-<format>` for each format, and the fonts."""
    plan = Timeline.from_json(job.tickets["clean"].facts["timeline"])
    words = []
    for index, _ in enumerate(plan.segments):
        times = job.tickets["speak"].makings[str(index)].files["times"]
        take = Take.from_json(json.loads(job.object(times).read_bytes()))
        start = plan.take_start(index)
        words += [[word.text, start + word.start, start + word.end, index] for word in take.words]
    settings = job.settings
    request = {
        "fps": plan.fps,
        "frames": plan.frames,
        "language": settings["language"],
        "words": words,
        "speakers": [segment.speaker for segment in plan.segments],
        "styles": settings["styles"],
        "formats": settings["formats"],
    }
    inputs = {name: file["digest"] for name, file in settings["files"].items()}
    files = {name: job.root / file["path"] for name, file in settings["files"].items()}
    making = job.make(settings["backend"], request, inputs, files)
    return Outcome({"captions": making}, dict(making.facts))
