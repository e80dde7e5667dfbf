"""clean: each take levelled by itself, and the episode's timeline and master."""

from __future__ import annotations

import math
from typing import Any

from talkmill.errors import RequestError
from talkmill.model import SAMPLE_RATE, Segment, Timeline, Utterance
from talkmill.stages import Job, Outcome

LEAD = 0.1
"""Seconds a segment starts before its take: a new speaker is seen just before they are heard, as cutting practice has it."""
SETTLE = 0.3
"""Seconds a segment goes on after its take where the next line has already started: the face comes to rest."""


def timeline(fps: int, lines: list[Utterance], samples: list[int], intro: float, outro: float) -> Timeline:
    """Segments on the frame grid: lead, take, and the silence until the next lead.

    A line with an `overlap` starts that much before the line before it has ended; the segment of that one then lasts `SETTLE`
    beyond its take.

    Args:
        fps: frames a second.
        lines: the utterances.
        samples: length of each take at 48 kHz.
        intro: seconds before the first take.
        outro: seconds after the last one.

    Raises:
        RequestError: a line starts before the one it interrupts, or somebody would speak over themself.
    """
    per_frame = SAMPLE_RATE // fps
    lead, settle = round(LEAD * fps), round(SETTLE * fps)
    starts: list[int] = []
    ends: list[int] = []  # of the takes
    quiet = 0  # when nobody speaks any more
    for index, (line, length) in enumerate(zip(lines, samples, strict=True)):
        if index == 0:
            start, before = 0, round(intro * fps)
        else:
            start, before = quiet + max(0, round(lines[index - 1].pause * fps) - lead), lead
            if line.overlap:
                start = ends[-1] - round(line.overlap * fps) - lead
                _check_overlap(index, lines, start, starts, ends, per_frame * fps, samples)
        starts.append(start)
        ends.append(start + before + math.ceil(length / per_frame))
        quiet = max(quiet, ends[-1])
    total = quiet + round(outro * fps)
    segments = []
    for index, line in enumerate(lines):
        following = starts[index + 1] if index + 1 < len(lines) else total
        end = following if following >= ends[index] else ends[index] + settle
        own = next((starts[later] for later in range(index + 1, len(lines)) if lines[later].speaker == line.speaker), total)
        before = round(intro * fps) if index == 0 else lead
        segments.append(Segment(line.speaker, starts[index], min(end, own) - starts[index], before))
    return Timeline(fps, tuple(segments))


def music_start(job: Job, under: str, plan: Timeline) -> int:
    """The sample of the episode at which its music begins: 0, or where the first sung recording does."""
    recordings = job.store.recipe(job.tickets["speak"].recipe)["settings"]["recordings"]
    sung = [int(index) for index, line in recordings.items() if line["options"]["sung"]]
    if under == "episode" or not sung:
        return 0
    first = min(sung)
    return plan.take_start(first) - round((recordings[str(first)]["options"]["start"] or 0) * SAMPLE_RATE)


def _check_overlap(
    index: int, lines: list[Utterance], start: int, starts: list[int], ends: list[int], rate: int, samples: list[int]
) -> None:
    """The line number `index` may start at frame `start`."""
    line = lines[index]
    if start <= starts[-1]:
        raise RequestError(
            f"line {index + 1} ({line.text!r}): its overlap is longer than the line before it "
            f"({line.overlap:g} s, that line lasts {samples[index - 1] / rate:.1f} s). Give a shorter overlap."
        )
    own = [ends[other] for other in range(index) if lines[other].speaker == line.speaker]
    if own and start < max(own):
        raise RequestError(
            f"line {index + 1} ({line.text!r}): {line.speaker} would speak over a line of their own ({line.overlap:g} s). "
            "Give a shorter overlap."
        )


def run(job: Job) -> Outcome:
    """One making a take (`sound`), named by its number, and `master` (`sound` at 48 kHz, `model` at 16 kHz)."""
    lines = [Utterance.from_json(data) for data in job.tickets["write"].facts["utterances"]]
    takes = job.tickets["speak"].makings
    settings = job.settings
    request = {"level": settings["level"], "highpass": settings["highpass"]}
    cleaned = {
        str(index): job.make(settings["backend"], request, {"sound": takes[str(index)].files["sound"]})
        for index in range(len(lines))
    }
    samples = [takes[str(index)].facts["samples"] for index in range(len(lines))]
    plan = timeline(settings["fps"], lines, samples, settings["intro"], settings["outro"])
    mix: dict[str, Any] = {
        "samples": plan.frames * plan.samples_per_frame,
        "starts": [plan.take_start(index) for index in range(len(lines))],
    }
    inputs = {f"take:{name}": making.files["sound"] for name, making in cleaned.items()}
    files = {}
    if music := settings["music"]:
        mix["music"] = {"level": settings["level"] + music["gain"], "start": music_start(job, music["under"], plan)}
        inputs["music"] = music["file"]["digest"]
        files["music"] = job.root / music["file"]["path"]
    master = job.make(settings["mixer"], mix, inputs, files)
    return Outcome({**cleaned, "master": master}, {"timeline": plan.to_json()})
