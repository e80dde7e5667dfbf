"""The picture of a review: opening, width and phonemes over time, and the frames at the worst moments."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from talkmill.errors import MediaError, PrerequisiteError
from talkmill.measure import score as scores
from talkmill.measure import shapes
from talkmill.measure.review import Review
from talkmill.media import ffmpeg
from talkmill.model import SAMPLE_RATE

WIDTH, MARGIN, ROW = 1800, 60, 300
LONGEST = 5.0
"""Seconds in one row at most."""
ROWS, FRAMES = 6, 6
"""Rows at most (of a longer video, those with the worst moments), and frames at the worst moments."""
PAPER, INK, PALE, GRID = "#FBFAF7", "#22242A", "#8A8D96", "#E6E3DC"
COLOURS = {
    shapes.SHUT: "#C2362B",
    shapes.TUCKED: "#B5651D",
    shapes.ROUND: "#2F6DB5",
    shapes.WIDE: "#3B8C4A",
    shapes.OPEN: "#7A4FA3",
}
PLAIN = {
    "ɑ": "a", "ɐ": "a", "æ": "ae", "ɛ": "e", "ɜ": "e", "ə": "e", "ɚ": "er", "ɪ": "i", "ʊ": "u", "ɔ": "o", "ʌ": "u", "ʃ": "sh",
    "ʒ": "zh", "θ": "th", "ð": "th", "ŋ": "ng", "ɹ": "r", "ɾ": "r", "ʁ": "r", "ɡ": "g", "ɲ": "ny", "ʎ": "ly", "ɥ": "w",
    "ɫ": "l",
}  # fmt: skip
"""IPA -> letters that everybody reads, and every font has."""


@dataclass(frozen=True)
class Moment:
    """A moment worth looking at; `weight` sorts them, the worst first."""

    seconds: float
    words: str
    weight: float
    character: str


def moments(found: Review) -> list[Moment]:
    """The worst moments of a review, the worst first, no two closer than 0.15 s."""
    if found.score is None or found.subject is None:
        return []
    lines = found.subject.lines
    out = []
    for one in found.score.closures:
        name, who = _plain(one.phone.symbol), lines[one.phone.line].speaker
        if one.missing or not one.shut:
            out.append(Moment(one.phone.middle, f"{name}: lips are not shut", 3.0, who))
        elif abs(one.offset) > 0.02:  # NaN is not
            side = "late" if one.offset > 0 else "early"
            words = f"{name}: lips close {abs(one.offset) * 1000:.0f} ms {side}"
            out.append(Moment(one.phone.middle, words, abs(one.offset) / 0.06, who))
    for judged in found.score.judged:
        if judged.seen != judged.asked and judged.asked != shapes.SHUT:
            words = f"{_plain(judged.phone.symbol)}: {judged.seen}, not {judged.asked}"
            weight = 1.2 if judged.seen != shapes.OTHER else 0.8
            out.append(Moment(judged.phone.middle, words, weight, lines[judged.phone.line].speaker))
    for frame in found.score.restless:
        out.append(Moment((frame + 0.5) / found.subject.fps, "the mouth moves in silence", 1.5, ""))
    kept: list[Moment] = []
    for moment in sorted(out, key=lambda one: (-one.weight, one.seconds)):
        if all(abs(moment.seconds - other.seconds) > 0.15 for other in kept):
            kept.append(moment)
    return kept


def draw(found: Review, target: Path) -> None:
    """Write the picture of a review as PNG.

    Raises:
        MediaError: lip sync was not measured, or the picture cannot be written.
    """
    if found.score is None or found.subject is None:
        raise MediaError(f"{found.video.name}: there is nothing to draw. {found.note}")
    worst = moments(found)
    length = found.subject.frames / found.subject.fps
    seconds = length / max(1, math.ceil(length / LONGEST - 1e-6))
    rows = _rows(length, seconds, worst)
    height = 150 + len(rows) * (ROW + 30) + (390 if worst else 0)
    sheet = Image.new("RGB", (WIDTH, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    top = _head(pen, found)
    for start in rows:
        _row(pen, found, (start, seconds), top, worst[:FRAMES])
        top += ROW + 30
    if worst:
        _frames(sheet, pen, found, worst[:FRAMES], top)
    try:
        sheet.save(target, "PNG", optimize=True)
    except (OSError, ValueError) as error:
        raise MediaError(f"{target}: the picture cannot be written ({error}). Name a .png in a folder that is there.") from None


def _rows(length: float, seconds: float, worst: Sequence[Moment]) -> list[float]:
    """Starts of the rows of `seconds` that are drawn."""
    count = max(1, round(length / seconds))
    chosen = list(range(count))
    if count > ROWS:
        chosen = list(dict.fromkeys([int(moment.seconds // seconds) for moment in worst[:FRAMES]] + chosen))[:ROWS]
    return [row * seconds for row in sorted(chosen)]


@cache
def _font(size: int) -> Any:
    from importlib.resources import files

    try:
        with (files("fontpkg_open_sans") / "files" / "OpenSans[wdth,wght].ttf").open("rb") as file:
            font = ImageFont.truetype(file, size)
    except (ModuleNotFoundError, FileNotFoundError):
        raise PrerequisiteError(
            "check: a font is not installed (fontpkg-open-sans). Install the package fontpkg-open-sans."
        ) from None
    return font


def _plain(symbol: str) -> str:
    return "".join(PLAIN.get(char, char) for char in symbol)


def _head(pen: ImageDraw.ImageDraw, found: Review) -> int:
    """Title, verdict and the key of colours; gives where the rows start."""
    verdict, colour = ("within its limits", "#3B8C4A") if found.passed else ("not within its limits", "#C2362B")
    name = f"{found.video.parent.parent.name} / {found.video.parent.name} / {found.video.name}"
    pen.text((MARGIN, 22), name, font=_font(30), fill=INK)
    pen.text((MARGIN + pen.textlength(name, font=_font(30)) + 24, 26), verdict, font=_font(26), fill=colour)
    values = {one.name.removeprefix("photo_"): one for one in found.measures}  # of drawn faces, where there are both
    values |= {one.name: one for one in found.measures}
    facts = []
    for key, words in (
        ("closure_median_ms", "p b m off by {:.0f} ms in the median"),
        ("closure_95_ms", "95 % within {:.0f} ms"),
        ("shut", "lips shut in {:.0%} of p b m"),
        ("still", "still in {:.0%} of silence"),
    ):
        if values[key].value is not None:
            facts.append(words.format(values[key].value))
    shape = values["shapes"].value
    if shape:
        facts.append(f"right shape in {shape['mean']:.0%}")
    pen.text((MARGIN, 66), "   ·   ".join(facts), font=_font(20), fill=INK)
    x = MARGIN
    for shape_name, colour in COLOURS.items():
        letters = " ".join(sorted({_plain(symbol) for symbol in shapes.CLASSES[shape_name]}))
        words = f"{shape_name}: {letters}"
        pen.rectangle((x, 106, x + 16, 122), fill=colour)
        pen.text((x + 24, 101), words, font=_font(18), fill=INK)
        x += 60 + int(pen.textlength(words, font=_font(18)))
    pen.text((x, 101), "black line: opening   thin line: width   grey: loudness", font=_font(18), fill=PALE)
    return 150


def _row(pen: ImageDraw.ImageDraw, found: Review, span: tuple[float, float], top: int, worst: Sequence[Moment]) -> None:
    """A few seconds from a start: loudness, phonemes, words, opening, width."""
    start, seconds = span
    subject = found.subject
    assert subject is not None and found.heard is not None and found.watched is not None  # noqa: S101, PT018
    base, tall = top + 205, 150
    scale = (WIDTH - 2 * MARGIN) / seconds

    def at(moment: float) -> float:
        return MARGIN + (moment - start) * scale

    end = min(start + seconds, subject.frames / subject.fps)
    _loudness(pen, found, start, end, base, tall, at)
    pen.line((MARGIN, base, at(end), base), fill=PALE)
    for second in np.arange(np.ceil(start), end + 1e-6, 1.0):
        pen.line((at(second), base, at(second), base + 6), fill=PALE)
        pen.text((at(second), base + 78), f"{second:.0f} s", font=_font(16), fill=PALE, anchor="mt")
    for one in scores.phones(subject, found.heard.late):
        if start <= one.middle < end:
            shape = shapes.asked(one.symbol)
            if shape:
                pen.rectangle((at(one.start), base - tall, at(one.end) - 1, base - 1), outline=COLOURS[shape])
                pen.rectangle((at(one.start), base + 1, at(one.end) - 1, base + 7), fill=COLOURS[shape])
            fill = COLOURS.get(shape or "", PALE)
            pen.text((at(one.middle), base + 10), _plain(one.symbol), font=_font(20 if shape else 15), fill=fill, anchor="mt")
    _words(pen, found, start, end, base + 44, at)
    for seen, made in zip(found.watched.faces, found.shapes, strict=True):
        times = (np.arange(seen.face.frames) + seen.face.start + 0.5) / subject.fps
        for values, colour, width in ((made.aperture, INK, 3), ((made.width - 0.5) / 0.8, "#C98A1B", 2)):
            points = [
                (at(t), base - tall * float(np.clip(v, 0, 1.05))) if start <= t < end and not np.isnan(v) else None
                for t, v in zip(times, values, strict=True)
            ]
            _polyline(pen, points, colour, width)
    for number, moment in enumerate(worst, 1):
        if start <= moment.seconds < end:
            x = at(moment.seconds)
            pen.ellipse((x - 13, base - tall - 42, x + 13, base - tall - 16), fill=INK)
            pen.text((x, base - tall - 29), str(number), font=_font(17), fill=PAPER, anchor="mm")


def _loudness(pen: ImageDraw.ImageDraw, found: Review, start: float, end: float, base: int, tall: int, at: Any) -> None:
    level = found.heard.level  # type: ignore[union-attr]
    cell = 0.005
    top = float(np.percentile(level, 99))
    for index in range(int(start / cell), min(int(end / cell), len(level))):
        loud = float(np.clip((level[index] - top + 40) / 40, 0, 1))
        pen.rectangle((at(index * cell), base - 1 - 0.8 * tall * loud, at((index + 1) * cell), base - 1), fill=GRID)


def _words(pen: ImageDraw.ImageDraw, found: Review, start: float, end: float, y: int, at: Any) -> None:
    subject, late = found.subject, found.heard.late  # type: ignore[union-attr]
    shift = 0.0 if np.isnan(late) else late
    font, free = _font(19), -1.0
    for line in subject.lines:  # type: ignore[union-attr]
        for word in line.take.words:
            heard = (line.start + word.start) / SAMPLE_RATE + shift
            if start <= heard < end and all(ord(char) < 0x600 for char in word.text):  # what the font has
                x = max(at(heard), free)
                pen.text((x, y), word.text, font=font, fill=INK)
                free = x + pen.textlength(word.text, font=font) + 8


def _polyline(pen: ImageDraw.ImageDraw, points: list[tuple[float, float] | None], colour: str, width: int) -> None:
    part: list[tuple[float, float]] = []
    for point in [*points, None]:
        if point is not None:
            part.append(point)
            continue
        if len(part) > 1:
            pen.line(part, fill=colour, width=width, joint="curve")
        part = []


def _frames(sheet: Image.Image, pen: ImageDraw.ImageDraw, found: Review, worst: Sequence[Moment], top: int) -> None:
    """The head at the worst moments, side by side."""
    subject = found.subject
    assert subject is not None  # noqa: S101
    faces = [seen.face for seen in found.watched.faces]  # type: ignore[union-attr]
    side = (WIDTH - 2 * MARGIN - (FRAMES - 1) * 20) // FRAMES
    for number, moment in enumerate(worst):
        frame = min(int(moment.seconds * subject.fps), subject.frames - 1)
        face = next(
            (one for one in faces if one.start <= frame < one.start + one.frames and moment.character in ("", one.character)),
            faces[0],
        )
        half = round(3.2 * face.unit)
        x, y = (round(value) - half for value in face.anchor)
        y -= round(0.5 * face.unit)
        picture = _still(subject.video, frame, subject.fps, (x, y, 2 * half), subject.size).resize((side, side), Image.LANCZOS)
        left = MARGIN + number * (side + 20)
        sheet.paste(picture, (left, top))
        pen.ellipse((left + 8, top + 8, left + 34, top + 34), fill=INK)
        pen.text((left + 21, top + 21), str(number + 1), font=_font(17), fill=PAPER, anchor="mm")
        words = f"{moment.seconds:.2f} s. {moment.words}"
        pen.multiline_text((left, top + side + 10), textwrap.fill(words, 28), font=_font(19), fill=INK, spacing=6)


def _still(video: Path, frame: int, fps: int, box: tuple[int, int, int], size: tuple[int, int]) -> Image.Image:
    """One frame's square `box` (x, y, side), kept inside the picture."""
    side = min(box[2], *size) // 2 * 2
    x, y = (min(max(box[i], 0), size[i] - side) // 2 * 2 for i in (0, 1))
    data, _ = ffmpeg.run([
        "-loglevel", "error", "-ss", f"{frame / fps:.6f}", "-i", ffmpeg.url(video), "-map", "0:v:0", "-frames:v", "1",
        "-vf", f"crop={side}:{side}:{x}:{y},format=rgb24", "-f", "rawvideo", "pipe:1",
    ])  # fmt: skip
    return Image.frombytes("RGB", (side, side), data[: 3 * side * side])
