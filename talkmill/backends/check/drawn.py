"""What an ASS file draws: where on the frame, with which fonts, and whether a character is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkmill.errors import MediaError
from talkmill.media import ffmpeg, subtitles
from talkmill.media.formats import Format

_BOX = re.compile(r"frame:(\d+) .*\n" + "".join(rf"lavfi\.bbox\.{key}=(-?\d+)\n" for key in ("x1", "x2", "y1", "y2")))
_COLOURS = re.compile(r"\{\\1c&H[0-9A-Fa-f]+&\}")
VISIBLE = 24
"""Opacity (of 255) from which a pixel counts: the last shimmer of an edge does not."""


@dataclass(frozen=True)
class Drawn:
    """What was measured on every state of the captions."""

    states: int
    box: tuple[int, int, int, int] | None  # x0, y0, x1, y1 around everything that is ever drawn, edges included; None: nothing
    outside: tuple[tuple[float, tuple[int, int, int, int]], ...]  # (seconds, box) of the states that leave the safe box
    drawing: subtitles.Drawing
    spoken: tuple[tuple[float, float], ...]  # seconds in which a word is highlighted


def look(ass: Path, fonts: Sequence[Path], shape: Format) -> Drawn:
    """Draw every state of the captions once, on nothing, and measure.

    States that differ in colours only are one. They are laid on a timeline of their own, one a second, and drawn in one
    pass of ffmpeg with an alpha channel, so the box is that of the drawn pixels whatever their colour is.

    Raises:
        MediaError: the ASS file cannot be read or drawn.
    """
    import pysubs2

    try:
        file = pysubs2.SSAFile.load(str(ass), encoding="utf-8")
    except (pysubs2.exceptions.Pysubs2Error, UnicodeDecodeError, OSError) as error:
        raise MediaError(f"{ass.name}: no ASS file that can be read ({error}).") from None
    spoken = tuple((event.start / 1000, event.end / 1000) for event in file.events if event.name == "spoken")
    states = _states(file)
    if not states:
        return Drawn(0, None, (), subtitles.Drawing((), (), ()), spoken)
    events = []
    for index, (_, active) in enumerate(states):
        for event in active:
            one = event.copy()
            one.start, one.end = index * 1000, index * 1000 + 1000
            events.append(one)
    file.events = events
    boxes, log = _draw(file, fonts, shape, len(states))
    x0, y0, x1, y1 = shape.safe
    outside = tuple(
        (states[number][0] / 1000, box) for number, box in boxes if box[0] < x0 or box[1] < y0 or box[2] > x1 or box[3] > y1
    )
    whole = _around([box for _, box in boxes])
    return Drawn(len(states), whole, outside, subtitles.drawing(log), spoken)


def _states(file: Any) -> list[tuple[int, list[Any]]]:
    """(milliseconds, events shown then) at every event's start, each look once."""
    seen: set[tuple[str, ...]] = set()
    states = []
    shown = [event for event in file.events if not event.is_comment and event.end > event.start]
    for moment in sorted({event.start for event in shown}):
        active = [event for event in shown if event.start <= moment < event.end]
        look = tuple(f"{event.layer},{event.style},{_COLOURS.sub('', event.text)}" for event in active)
        if look not in seen:
            seen.add(look)
            states.append((moment, active))
    return states


def _draw(
    file: Any, fonts: Sequence[Path], shape: Format, count: int
) -> tuple[list[tuple[int, tuple[int, int, int, int]]], str]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="talkmill-look-") as folder:
        path = Path(folder) / "states.ass"
        path.write_text(file.to_string("ass"), encoding="utf-8")
        with subtitles.burner(path, fonts) as burner:
            graph = (
                f"color=c=black@0:s={shape.width}x{shape.height}:r=1:d={count},format=yuva420p,{burner.filter}:alpha=1,"
                f"extractplanes=a,bbox=min_val={VISIBLE},metadata=mode=print:file=boxes.txt"
            )
            _, log = ffmpeg.run(
                ["-nostats", "-loglevel", subtitles.LOG_LEVEL, "-f", "lavfi", "-i", graph, "-f", "null", "-"],
                cwd=burner.folder, environment=burner.environment,
            )  # fmt: skip
            # From a file: ffmpeg's threads share the log, and a line that another one breaks into would be a box that is lost.
            written = (burner.folder / "boxes.txt").read_text("utf-8") if (burner.folder / "boxes.txt").exists() else ""
    boxes = []
    for match in _BOX.finditer(written):
        number, x0, x1, y0, y1 = (int(part) for part in match.groups())
        boxes.append((number, (x0, y0, x1, y1)))
    return boxes, log


def _around(boxes: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int, int] | None:
    if not boxes:
        return None
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
