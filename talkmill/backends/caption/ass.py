"""Cues become an ASS file for one shape.

Every line of a cue stands at a fixed place (`\\pos`) and is one event for each word that is spoken in it. The events of a
line hold the same text and differ in one colour only, so nothing moves while the highlight does. An event's times are
those of its frames, rounded down to centiseconds from the episode's start: an event that begins in frame n is drawn in
frame n and not in frame n - 1, and rounding never adds up.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkmill.backends.caption.cues import Cue, Piece, joined, shown
from talkmill.backends.caption.fonts import Drawn, Face, is_picture
from talkmill.backends.caption.lines import Layout, lay
from talkmill.backends.caption.style import Style
from talkmill.media.formats import Format
from talkmill.model import SAMPLE_RATE

SPOKEN = "spoken"
"""Actor of the events in which a word is highlighted."""
OUTLINE = 0.085
"""Width of the outline in ems."""
SHADOW = 0.045
"""Offset of the shadow in ems."""
HOLD = 0.3
"""Seconds of silence over which a word keeps its highlight until the next one is spoken."""
BELOW = 0.24
"""Depth of the descenders below the baseline in ems: the bottom edge of a caption."""
ABOVE = 0.8
"""Height of the letters above the baseline in ems."""
ABOVE_TALL, BELOW_TALL = 0.95, 0.34
"""The same for scripts that stack marks on their letters."""
PAD_X, PAD_Y = 0.34, 0.16
"""What a plate leaves free beside and above its letters, in ems."""
MARKS = ".,;:!?…)"
TALL = ("ARABIC", "DEVANAGARI", "THAI", "LAO", "KHMER", "MYANMAR", "BENGALI", "TAMIL", "TELUGU")


class Set:
    """The fonts of one speaker: which face draws which character, and how wide text is."""

    def __init__(self, faces: Sequence[Face], drawn: Sequence[Drawn]) -> None:
        import uharfbuzz

        self.faces, self.drawn = faces, drawn
        self._shapers = [uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(one.path)))) for one in drawn]
        self._known: dict[str, float] = {}

    def runs(self, text: str) -> list[tuple[int, str]]:
        """The text in stretches of one font: (number of the font, text); emoji are left out, and the space before one goes with
        it where a mark follows."""
        found: list[tuple[int, str]] = []
        left_out = False
        for letter in text:
            if is_picture(letter) and (left_out or not any(face.has(letter) for face in self.faces)):
                left_out = True
                continue
            if left_out and letter in MARKS and found:
                found[-1] = (found[-1][0], found[-1][1].rstrip(" "))
            left_out = left_out and letter == " "
            number = next((index for index, face in enumerate(self.faces) if face.has(letter)), None)
            if number is None or letter == " " or unicodedata.combining(letter):
                number = found[-1][0] if found else 0
            if found and found[-1][0] == number:
                found[-1] = (number, found[-1][1] + letter)
            else:
                found.append((number, letter))
        return found

    def width(self, text: str) -> float:
        """Width of the text in ems, shaped as libass shapes it (word by word: words do not join)."""
        if text not in self._known:
            self._known[text] = sum(self._run(number, run) for number, run in self.runs(text))
        return self._known[text]

    def _run(self, number: int, text: str) -> float:
        import uharfbuzz

        font = self._shapers[number]
        total = 0
        for index, word in enumerate(text.split(" ")):
            for part in ([" "] if index else []) + ([word] if word else []):
                buffer = uharfbuzz.Buffer()
                buffer.add_str(part)
                buffer.guess_segment_properties()
                uharfbuzz.shape(font, buffer)
                total += sum(glyph.x_advance for glyph in buffer.glyph_positions)
        return total / font.face.upem


@dataclass(frozen=True)
class Speaker:
    """What a cue needs to be drawn."""

    name: str
    style: Style
    fonts: Set


def document(cues: Sequence[Cue], speakers: Mapping[int, Speaker], shape: Format, fps: int) -> Any:
    """The ASS file (a pysubs2 `SSAFile`) of the cues; `speakers` by utterance."""
    import pysubs2

    file = pysubs2.SSAFile()
    file.info = {
        "Title": f"Captions, {shape.name}",
        "ScriptType": "v4.00+",
        "PlayResX": str(shape.width),
        "PlayResY": str(shape.height),
        "WrapStyle": "2",
        "ScaledBorderAndShadow": "yes",
        "YCbCr Matrix": "None",
        "Kerning": "yes",
    }
    file.styles.clear()
    unit = min(shape.size) / 1080
    for speaker in {one.name: one for one in speakers.values()}.values():
        size = speaker.style.size * unit
        first = speaker.fonts.drawn[0]
        file.styles[speaker.name] = pysubs2.SSAStyle(
            fontname=first.family,
            fontsize=round(size * first.line, 3),
            bold=first.weight >= 600,
            primarycolor=_colour(speaker.style.colour),
            secondarycolor=_colour(speaker.style.colour),
            outlinecolor=_colour(speaker.style.outline),
            backcolor=_colour(speaker.style.outline, 110),
            # On a plate of its own the text needs no outline.
            outline=0 if speaker.style.box else round(size * OUTLINE, 2),
            shadow=0 if speaker.style.box else round(size * SHADOW, 2),
            alignment=pysubs2.Alignment.BOTTOM_CENTER,
            marginl=0,
            marginr=0,
            marginv=0,
            encoding=-1,
        )
    for cue in cues:
        speaker = speakers[cue.utterance]
        if speaker.style.show:
            file.events.extend(_events(cue, speaker, shape, fps, unit))
    return file


def room(shape: Format, style: Style, unit: float = 1.0) -> float:
    """Pixels that the letters of a line may take, so that outline, shadow and plate lie inside the safe box too."""
    around = PAD_X if style.box else OUTLINE + SHADOW
    return shape.caption_width - 2 * around * style.size * unit


def _events(cue: Cue, speaker: Speaker, shape: Format, fps: int, unit: float) -> list[Any]:
    size = speaker.style.size * unit
    layout = lay(cue.pieces, lambda text: speaker.fonts.width(text) * size, room(shape, speaker.style, unit), shape.line)
    size *= layout.scale
    pitch = size * (1.45 if _tall(cue.text) else 1.2)
    centre = shape.width / 2
    bottom = round((speaker.style.position or shape.position) * shape.height)
    above, below = (ABOVE_TALL, BELOW_TALL) if _tall(cue.text) else (ABOVE, BELOW)
    letters = pitch * (len(layout.lines) - 1) + size * (above + below)
    around = PAD_Y if speaker.style.box else OUTLINE + SHADOW
    # The edge of a letter may shimmer two pixels beyond its outline.
    bottom = min(max(bottom, shape.safe[1] + 2 + math.ceil(letters + 2 * around * size)), shape.safe[3] - 2)
    events = []
    if speaker.style.box:
        events.append(_box(cue, layout, speaker, size, letters, (centre, bottom), fps))
        bottom -= PAD_Y * size
    else:
        bottom -= (OUTLINE + SHADOW) * size
    for row, line in enumerate(layout.lines):
        drawn = [speaker.fonts.drawn[number] for piece in line for number, _ in speaker.fonts.runs(piece.text)]
        baseline = bottom - size * below - pitch * (len(layout.lines) - 1 - row)
        y = baseline + size * max((one.descent for one in drawn), default=0)
        place = (
            f"{{\\pos({centre:g},{y:.1f})"
            + (f"\\fscx{100 * layout.scale:.1f}\\fscy{100 * layout.scale:.1f}" if layout.scale < 1 else "")
            + "}"
        )
        for start, end, active in _states(cue, line, fps):
            events.append(
                _event(start, end, fps, speaker.name, place + _text(line, active, speaker, unit), 1, active is not None)
            )
    return events


def _states(cue: Cue, line: Sequence[Piece], fps: int) -> list[tuple[int, int, int | None]]:
    """(first frame, frame after the last, highlighted piece's number or None) of a line; together all the cue's frames."""
    per_frame = SAMPLE_RATE / fps
    marks: list[tuple[int, int | None]] = [(cue.start, None)]
    pieces = cue.pieces
    offset = next(index for index, piece in enumerate(pieces) if piece is line[0])
    for index, piece in enumerate(line):
        start = max(cue.start, round(piece.start / per_frame))
        position = offset + index
        following = pieces[position + 1].start if position + 1 < len(pieces) else None
        held = following is not None and following - piece.end <= HOLD * SAMPLE_RATE
        end = round((following if held else piece.end) / per_frame)
        marks.append((start, index))
        marks.append((max(end, start + 1), None))
    states: list[tuple[int, int, int | None]] = []
    for number, (start, active) in enumerate(marks):
        end = min(marks[number + 1][0] if number + 1 < len(marks) else cue.end, cue.end)
        if end <= start:
            continue
        if states and states[-1][2] == active:
            states[-1] = (states[-1][0], end, active)
        else:
            states.append((start, end, active))
    return states


def _text(line: Sequence[Piece], active: int | None, speaker: Speaker, unit: float) -> str:
    plain, bright = (_tag(colour) for colour in (speaker.style.colour, speaker.style.highlight))
    text = ""
    font = 0
    for index, piece in enumerate(line):
        if index and not piece.glued:
            text += " "
        if index == active:
            text += f"{{\\1c{bright}}}"
        for number, run in speaker.fonts.runs(piece.text):
            if number != font:
                one = speaker.fonts.drawn[number]
                text += f"{{\\fn{one.family}\\fs{speaker.style.size * unit * one.line:.3f}}}"
                font = number
            text += escape(shown(run, last=index == len(line) - 1))
        if index == active:
            text += f"{{\\1c{plain}}}"
    return text


def escape(text: str) -> str:
    """User text as libass draws it and never obeys it."""
    joiner = "\u2060"  # between a backslash and the next letter: `\\N` stays two characters; it has no width and no glyph
    clean = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    return clean.replace("\\", f"\\{joiner}").replace("{", "\\{").replace("}", "\\}")


def _box(cue: Cue, layout: Layout, speaker: Speaker, size: float, letters: float, at: tuple[float, float], fps: int) -> Any:
    """A rounded plate behind the lines, drawn as one shape so that it never changes within a cue."""
    radius = 0.28 * size
    width = max(speaker.fonts.width(joined(line)) for line in layout.lines) * size + 2 * PAD_X * size
    height = letters + 2 * PAD_Y * size
    x0, x1 = at[0] - width / 2, at[0] + width / 2
    y1 = at[1]
    y0 = y1 - height
    bend = radius * 0.4477  # a Bézier curve with its handles there is a quarter of a circle

    def points(*values: float) -> str:
        return " ".join(f"{value:.1f}" for value in values)

    left, right, top, low = x0 + radius, x1 - radius, y0 + radius, y1 - radius
    path = " ".join(
        (
            f"m {points(left, y0)} l {points(right, y0)} b {points(x1 - bend, y0, x1, y0 + bend, x1, top)}",
            f"l {points(x1, low)} b {points(x1, y1 - bend, x1 - bend, y1, right, y1)}",
            f"l {points(left, y1)} b {points(x0 + bend, y1, x0, y1 - bend, x0, low)}",
            f"l {points(x0, top)} b {points(x0, y0 + bend, x0 + bend, y0, left, y0)}",
        )
    )
    text = f"{{\\an7\\pos(0,0)\\bord0\\shad0\\1c{_tag(speaker.style.box or '')}\\p1}}{path}{{\\p0}}"
    return _event(cue.start, cue.end, fps, speaker.name, text, 0)


def _event(start: int, end: int, fps: int, style: str, text: str, layer: int, spoken: bool = False) -> Any:
    import pysubs2

    # The actor field is drawn nowhere; it tells the check in which events a word is being spoken.
    name = SPOKEN if spoken else ""
    return pysubs2.SSAEvent(
        start=start * 100 // fps * 10, end=end * 100 // fps * 10, style=style, name=name, text=text, layer=layer
    )


def _tall(text: str) -> bool:
    return any(unicodedata.name(letter, "").startswith(TALL) for letter in text if ord(letter) > 0x500)


def _colour(text: str, alpha: int = 0) -> Any:
    import pysubs2

    return pysubs2.Color(int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16), alpha)


def _tag(text: str) -> str:
    return f"&H{text[5:7]}{text[3:5]}{text[1:3]}&".upper()


def write(file: Any, path: Path) -> None:
    """Write an ASS file."""
    path.write_text(file.to_string("ass"), encoding="utf-8", newline="\n")
