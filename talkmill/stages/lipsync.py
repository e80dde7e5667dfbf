"""lipsync: one segment an utterance, and what is seen of those who listen; each counts time from its own start."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from talkmill.errors import RequestError
from talkmill.model import SAMPLE_RATE, Piece, Shot, Timeline
from talkmill.model.shots import cut, pieces
from talkmill.stages import Job, Outcome
from talkmill.store import Making

GAP = 0.25
"""Seconds of silence within a take that end a stretch of speech for those who listen."""


def staged(timeline: Timeline, settings: Mapping[str, Any]) -> tuple[tuple[Shot, ...], dict[str, Piece]]:
    """The shots, and what each face does in them by the name of its making: the number of its utterance, or `listen-<n>`."""
    shots = cut(timeline, settings["by"], settings["together"], settings["asked"])
    named, silent = {}, 0
    for piece in pieces(timeline, shots):
        named[str(piece.utterance) if piece.speaks else f"listen-{silent}"] = piece
        silent += not piece.speaks
    return shots, named


Task = tuple[Mapping[str, Any], Callable[[], Making]]
"""A backend and how its making is made, as `Job.all` takes it."""


def run(job: Job) -> Outcome:
    """One making a piece, by the names of `staged`: `curves`, or `frames`."""
    plan = Timeline.from_json(job.tickets["clean"].facts["timeline"])
    settings, lines = job.settings, job.tickets["write"].facts["utterances"]
    tasks: dict[str, Task] = {}
    for name, piece in staged(plan, settings["shots"])[1].items():
        index = piece.utterance
        segment, line = plan.segments[index], lines[index]
        take = json.loads(job.object(job.tickets["speak"].makings[str(index)].files["times"]).read_bytes())
        request = {"fps": plan.fps, "frames": piece.frames, "emotion": line["emotion"], "strength": line["strength"]}
        if piece.character in settings.get("figures", ()):
            tasks[name] = filmed(job, piece, name, request, segment.lead, take)
        elif piece.speaks:
            request |= {"lead": segment.lead, "take": take, "seed": settings["seed"], **settings["faces"][piece.character]}
            sound = {"sound": job.tickets["clean"].makings[name].files["sound"]}
            tasks[name] = settings["backend"], partial(job.make, settings["backend"], request, sound)
        else:
            request["heard"] = heard(take, (segment.start + segment.lead - piece.start) / plan.fps, piece.frames / plan.fps)
            request["seed"] = f"{settings['seed']} {piece.character}"
            tasks[name] = settings["listener"], partial(job.make, settings["listener"], request)
    return Outcome(job.all(tasks))


def filmed(job: Job, piece: Piece, name: str, request: Mapping[str, Any], lead: int, take: Mapping[str, Any]) -> Task:
    """How the frames are made of a piece of somebody who is a photograph or a clip."""
    told = mouth(job, piece)
    request = {**request, **told["options"], **under(job, piece), "speaks": piece.speaks}
    request["seed"] = f"{job.settings['seed']} {piece.character}"
    clip, track = (job.tickets[f"{verb}:{piece.character}"] for verb in ("animate", "inspect"))
    inputs = {"clip": clip.makings["clip"].files["frames"], "track": track.makings["track"].files["track"]}
    if piece.speaks:
        request |= {"lead": lead, "take": take}
        inputs["sound"] = job.tickets["clean"].makings[name].files["sound"]
    if piece.speaks and track.facts["faces"] > 1 and job.paid(told["backend"]):
        raise RequestError(alone(piece.character, told["backend"]["name"], f"{track.facts['faces']} faces were found"))
    label = {"character": piece.character, "making": name}
    return told["backend"], partial(job.make, told["backend"], request, inputs, None, label)


def alone(character: str, backend: str, found: str) -> str:
    """Why a paid backend does not make one of several faces speak."""
    return (
        f"{character}: {backend} cannot be told which of several faces speaks, and may move another's lips ({found}). "
        "Crop the picture to one face, or make its lips here: `lipsync: {backend: warp}`."
    )


def mouth(job: Job, piece: Piece) -> Mapping[str, Any]:
    """Who moves the mouth of a photograph or a clip in a piece, by the kind of its line: `backend`, `options`."""
    return job.settings["figures"][piece.character]["lines"][job.settings["kinds"][piece.utterance]]


def under(job: Job, piece: Piece) -> dict[str, Any]:
    """The clip under a piece, its face, and how it is played, as requests have it."""
    play = job.settings["figures"][piece.character]["play"]
    clip, track = (job.tickets[f"{verb}:{piece.character}"] for verb in ("animate", "inspect"))
    facts = {key: clip.facts[key] for key in ("frames", "fps", "width", "height")}
    # Where a clip that runs on has come to.
    period = {"through": max(1, 2 * (facts["frames"] - 1)), "round": facts["frames"]}.get(play)
    start = piece.start % period if period else 0
    return {
        "clip": facts,
        "face": track.facts["face"],
        "mouth_box": track.facts["mouth_box"],
        "play": play,
        "start": start,
        "avoid": clip.facts.get("shut", track.facts["avoid"]),
    }


def heard(take: Mapping[str, Any], offset: float, length: float) -> list[list[float]]:
    """Start and end in seconds of the stretches of speech of a take that starts at `offset`, within 0..`length`."""
    runs: list[list[float]] = []
    for _, first, last in take["words"]:
        start, end = first / SAMPLE_RATE + offset, last / SAMPLE_RATE + offset
        if runs and start - runs[-1][1] < GAP:
            runs[-1][1] = end
        else:
            runs.append([start, end])
    return [[round(max(start, 0), 3), round(min(end, length), 3)] for start, end in runs if end > 0 and start < length]
