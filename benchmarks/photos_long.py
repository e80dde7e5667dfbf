"""A talking photograph of three minutes: is its end as its beginning, and does making it take more memory the longer it is?

It is made at half the width and height: what is looked for does not depend on that, and it takes a quarter of the time.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from talkmill.backends.lipsync.sound import read
from talkmill.backends.lipsync.warp import Warp
from talkmill.measure import filmed
from talkmill.measure.landmarks import misfit, of_mesh
from talkmill.media import encode, faces, ffmpeg, frames, sound
from talkmill.model import SAMPLE_RATE

PAUSE = 0.5
"""Seconds between the sentences."""
ENDS = 10
"""Seconds at both ends that are compared."""


@dataclass
class Long:
    """What was found. `shape`: mm by which the rigid points of the last seconds miss the first ones, and the same within the
    first; `skin`: levels of luma of the cheeks, last against first, and from round to round within the clip; `turns`: the
    largest difference between frames where the clip turns or a sentence begins, against the 99th percentile elsewhere;
    `memory`: MiB resident in the first and in the last third of the making."""

    seconds: float
    shape: tuple[float, float]
    skin: float
    turns: float
    memory: tuple[float, float]
    pace: float


def repeated(take: Mapping[str, Any], voice: Path, seconds: float, folder: Path) -> tuple[dict[str, Any], Path, list[float]]:
    """One take said again and again: the take, its sound, and where each begins."""
    samples, gap = read(voice), int(PAUSE * SAMPLE_RATE)
    each = take["samples"] + gap
    count = max(1, round(seconds * SAMPLE_RATE / each))
    made = dict(take) | {"samples": count * each}
    for name in ("words", "phonemes"):
        held = [*take[name], *([["", take["samples"], each]] if name == "phonemes" else [])]
        made[name] = [[one[0], one[1] + n * each, one[2] + n * each, *one[3:]] for n in range(count) for one in held]
    whole = np.zeros(count * each, np.float32)
    for n in range(count):
        part = samples[: take["samples"]]
        whole[n * each : n * each + len(part)] = part
    sound.write(folder / "long.wav", whole)
    return made, folder / "long.wav", [n * each / SAMPLE_RATE for n in range(count)]


def halved(one: Any, folder: Path) -> Any:
    """The portrait's clip at half its size."""
    size = (one.clip.width // 4 * 2, one.clip.height // 4 * 2)
    pictures = (frames.i420(cv2.resize(frames.rgb(p), size, interpolation=cv2.INTER_AREA)) for p in one.clip.read())
    clip = frames.write(pictures, size, one.clip.fps, folder / "half.mkv")
    known = faces.Track.load(one.track)
    track = replace(known, landmarks=known.landmarks * np.float32(size[0] / one.clip.width))
    track.save(folder / "half.npz")
    return replace(one, clip=clip, track=folder / "half.npz")


def measure(one: Any, request: Mapping[str, Any], voice: Path, starts: list[float], folder: Path) -> Long:
    """Make the segment of `request`, encode it, and compare its ends."""
    held: list[tuple[float, float]] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
            held.append((time.perf_counter(), resident))

    watching = threading.Thread(target=watch)
    watching.start()
    start = time.perf_counter()
    made = Warp().run(request, {"clip": one.clip.path, "track": one.track, "sound": voice}, folder)
    took = time.perf_counter() - start
    done.set()
    watching.join()
    third = len(held) // 3
    memory = (max(value for _, value in held[:third]), max(value for _, value in held[-third:]))
    clip = frames.Clip.of(made.files["frames"], dict(made.facts))
    silence = np.zeros(clip.frames * SAMPLE_RATE // clip.fps, np.float32)
    sound.write(folder / "silence.wav", silence)
    encode.sound(folder / "silence.wav", folder / "silence.mp4", len(silence))
    encode.video(clip.read(), (clip.width, clip.height), clip.fps, folder / "silence.mp4", folder / "long.mp4")
    return _compared(one, clip, folder / "long.mp4", starts, memory, clip.frames / took)


def _compared(one: Any, clip: frames.Clip, video: Path, starts: list[float], memory: tuple[float, float], pace: float) -> Long:
    """From the decoded mp4."""
    shape = (clip.height * 3 // 2, clip.width)
    arguments = ["-loglevel", "error", "-i", ffmpeg.url(video), "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"]
    ends, changes, lumas = ENDS * clip.fps, np.zeros(clip.frames), np.zeros(clip.frames)
    marks: dict[int, np.ndarray] = {}
    trackers = (faces.Tracker(clip.fps), faces.Tracker(clip.fps))
    before = None
    points = faces.Track.load(one.track).landmarks[0, one.face, :, :2]
    low, high = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
    for number, data in enumerate(ffmpeg.stream(arguments, shape[0] * shape[1])):
        frame = np.frombuffer(data, np.uint8).reshape(shape)
        luma = frame[: clip.height]
        face = luma[low[1] : high[1], low[0] : high[0]]
        if before is not None:
            changes[number] = cv2.absdiff(face, before).mean()
        before = face.copy()
        lumas[number] = luma[low[1] : (low[1] + high[1]) // 2, low[0] : high[0]].mean()
        at = 0 if number < ends else 1 if number >= clip.frames - ends else None
        if at is not None:
            found = trackers[at].add(frames.rgb(frame))
            if found:
                marks[number] = of_mesh(found[0].landmarks[:, :2]).rigid
    first = marks[min(marks)]
    unit = float(np.hypot(*(points[263] - points[33]))) / 90
    off = {number: misfit(first, rigid) / unit for number, rigid in marks.items()}
    early = [value for number, value in off.items() if number < ends]
    late = [value for number, value in off.items() if number >= clip.frames - ends]
    joins = sorted({min(clip.frames - 1, round(start * clip.fps) + step) for start in starts for step in range(10)} - {0})
    elsewhere = np.ones(clip.frames, bool)
    elsewhere[joins] = False
    return Long(
        clip.frames / clip.fps,
        (float(np.median(early)), float(np.median(late))),
        float(lumas[-ends:].mean() - lumas[:ends].mean()),
        float(changes[joins].max() / np.percentile(changes[elsewhere], 99)),
        memory,
        pace,
    )


def told(found: Mapping[str, Long]) -> str:
    """The page's part."""
    rows = [
        f"| {name} | {one.seconds:.0f} | {one.shape[0]:.2f} | {one.shape[1]:.2f} | {one.skin:+.2f} | {one.turns:.2f} | "
        f"{one.memory[0]:.0f} | {one.memory[1]:.0f} | {one.pace:.0f} |"
        for name, one in found.items()
    ]
    return f"""## Three minutes in one piece

One line of three minutes (a sentence that is said again and again), at half the width and height. **shape**: mm by which the
points that speech does not move miss those of the first frame (median), in the first and in the last {ENDS} seconds (limit
{filmed.IDENTITY:g}). **skin**: levels of luma by which the upper face is lighter at the end. **joins**: the largest difference
between two frames where a sentence begins, against the 99th percentile elsewhere. **MiB**: resident memory in the first and in
the last third of the making.

| portrait | seconds | shape first | shape last | skin | joins | MiB first | MiB last | frames a second |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{chr(10).join(rows)}
"""


def run(one: Any, take: Mapping[str, Any], voice: Path, seconds: float, request: Any, folder: Path) -> Long:
    """The whole: `request` makes a segment's request of a portrait and a take."""
    folder.mkdir(parents=True)
    small = halved(one, folder)
    long, voice, starts = repeated(json.loads(json.dumps(take)), voice, seconds, folder)
    return measure(small, request(small, long), voice, starts, folder)
