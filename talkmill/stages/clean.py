"""clean: each take levelled by itself, and the episode's timeline and master."""

from __future__ import annotations

import math
from typing import Any

from talkmill.model import SAMPLE_RATE, Segment, Timeline, Utterance
from talkmill.stages import Job, Outcome

LEAD = 0.1
"""Seconds a segment starts before its take: a new speaker is seen just before they are heard, as cutting practice has it."""


def timeline(fps: int, lines: list[Utterance], samples: list[int], intro: float, outro: float) -> Timeline:
    """Segments on the frame grid: lead, take, and the silence until the next lead.

    Args:
        fps: frames a second.
        lines: the utterances.
        samples: length of each take at 48 kHz.
        intro: seconds before the first take.
        outro: seconds after the last one.
    """
    per_frame = SAMPLE_RATE // fps
    lead = round(LEAD * fps)
    segments, start = [], 0
    for index, (line, length) in enumerate(zip(lines, samples, strict=True)):
        first, last = index == 0, index == len(lines) - 1
        before = round(intro * fps) if first else lead
        after = round(outro * fps) if last else max(0, round(line.pause * fps) - lead)
        frames = before + math.ceil(length / per_frame) + after
        segments.append(Segment(line.speaker, start, frames, before))
        start += frames
    return Timeline(fps, tuple(segments))


def music_start(job: Job, under: str, plan: Timeline) -> int:
    """The sample of the episode at which its music begins: 0, or where the first sung recording does."""
    recordings = job.store.recipe(job.tickets["speak"].recipe)["settings"]["recordings"]
    sung = [int(index) for index, line in recordings.items() if line["options"]["sung"]]
    if under == "episode" or not sung:
        return 0
    first = min(sung)
    return plan.take_start(first) - round((recordings[str(first)]["options"]["start"] or 0) * SAMPLE_RATE)


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
