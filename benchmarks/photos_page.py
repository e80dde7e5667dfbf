"""The page of `benchmarks.photos`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import photos_long, photos_still
from benchmarks.lipsync import shown
from talkmill.measure import filmed
from talkmill.measure.review import lip_sync
from talkmill.measure.score import Score

if TYPE_CHECKING:
    from benchmarks.photos import Row

COLUMNS = ("closure_median_ms", "closure_95_ms", "shut", "shapes", "still", "found")


def pooled(rows: list[Row]) -> Score:
    """All rows as one."""
    out = Score()
    for row in rows:
        out.add(row.found.score)
    return out


def signed(score: Score) -> str:
    """Milliseconds by which closures come late, in the median; below 0 they come early."""
    return f"{1000 * float(np.median(score.offsets)):+.1f}" if len(score.offsets) else "-"


def table(rows: list[Row]) -> list[str]:
    """A line a video."""
    head = "| video | by | closures | signed ms | median ms | 95 % ms | shut | shapes | still | found | identity mm | flicker "
    out = [head + "| sharpness |", "| --- | --- | ---: " + "| ---: " * 10 + "|"]
    for row in rows:
        measures = lip_sync(row.found.score)
        count = next(one.value for one in measures if one.name == "closures")[0]
        values = " | ".join(shown(measures, key) for key in COLUMNS)
        j = row.found
        spoilt = f"{j.identity:.2f} | {j.flicker:.2f} | {j.sharp:.2f}"
        out.append(f"| {row.clip} | {row.detector} | {count} | {signed(j.score)} | {values} | {spoilt} |")
    return out


def page(
    rows: list[Row], wrong: list[Row], floors: list[photos_still.Floor], speed: Mapping[str, tuple[float, float]],
    long: Mapping[str, Any],
) -> str:  # fmt: skip
    """The reference page."""
    whole = []
    for name in dict.fromkeys(row.detector for row in rows):
        for what, drawn, held in (
            ("photographs, lines it was made with", False, False),
            ("photographs, lines held out", False, True),
            ("the drawing, all lines", True, None),
        ):
            some = [
                row
                for row in rows
                if row.detector == name
                and row.clip.startswith("drawing") is drawn
                and held in (None, row.clip.endswith("held out"))
            ]
            if some:
                measures = lip_sync(pooled(some))
                count = next(one.value for one in measures if one.name == "closures")[0]
                values = " | ".join(shown(measures, key) for key in COLUMNS)
                whole.append(f"| {what} | {name} | {count} | {signed(pooled(some))} | {values} |")
    paces = [f"| {name} | {1 / made:.0f} | {1 / copied:.0f} | {made / copied:.1f} |" for name, (made, copied) in speed.items()]
    return f"""# Talking photographs, measured

Made by `python -m benchmarks.photos --write`. Do not edit.

Portraits of two people that come inside Python packages (Grace Hopper: shut lips, glasses, wrinkles; an astronaut: an open
smile with teeth), and a character that Talkmill draws, taken as a picture, are made into idle clips, speak English lines by
`lipsync: warp`, are encoded, and are measured in the **decoded mp4** by landmarks. It is a sample: {len(rows)} measures of
{len({row.clip for row in rows})} videos. Lines that are **held out** are sentences that the warp was not made with; their
voices are. Opening is relative to each video's own range while it speaks, because every landmark model sees
another gap between shut lips. The second detector was trained by others on other pictures; it is used for measuring only.

- **median, 95 %**: how far a closure in the picture is from its p, b or m in the sound. **shut**: p, b, m with shut lips.
- **shapes**: phonemes with the shape they ask for. **still**: silent frames with a still mouth.
- **identity**: RMS by which points that speech does not move miss their places in the first frame, after the best affine map
  (mm of a face; limit {filmed.IDENTITY:g}). **flicker**: residue in time about the mouth against the cheeks in silence (limit
  {filmed.FLICKER:g}). **sharpness**: finest detail about the mouth, speaking against resting (limit {filmed.SHARP:g}).
- **signed**: the same as the median, and on which side: below 0 the lips close before the middle of the phoneme. The curves
  do that: they look for the quiet in the sound, which comes before the burst. No time is lost between curves and video.
- dlib's points were learnt from photographs. They do not follow the drawing's mouth, nor everybody's rounded lips; what is
  still and how wide lips are is told below for mouths of which it is known.
- The lines held out were measured twice. One thing was changed after the first time because of them: lips that press are less
  pursed, since pursed ones that were shut were taken for open.

What is not within the limit for drawn characters is **bold**: landmarks are coarser than colours, above all in width.

| what | by | closures | signed ms | median ms | 95 % ms | shut | shapes | still | found |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{chr(10).join(whole)}

{chr(10).join(table(rows))}

{photos_still.told(floors)}
## Mouths that are wrong on purpose

{chr(10).join(table(wrong))}

## Pace

Frames a second on two processor cores, reading and writing lossless frames included; beside it, reading and writing alone.
Where the machine had other work, only their ratio says something.

| portrait | made | copied | ratio of time |
| --- | ---: | ---: | ---: |
{chr(10).join(paces)}

{photos_long.told(long) if long else ""}"""
