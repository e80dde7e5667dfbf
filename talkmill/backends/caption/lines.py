"""Where the lines of a cue break in one shape of picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from talkmill.backends.caption.cues import CLAUSE_END, SENTENCE_END, Piece, joined


@dataclass(frozen=True)
class Layout:
    """One or two lines of pieces, and the scale (1 or less) at which they fit."""

    lines: tuple[tuple[Piece, ...], ...]
    scale: float = 1.0


def length(text: str) -> int:
    """Characters as a reader counts them: full-width ones are two, marks that sit on others are none."""
    return sum(
        0
        if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Cf")
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )


def lay(pieces: Sequence[Piece], width: Callable[[str], float], room: float, line: int) -> Layout:
    """The pieces in one line where they fit in `room` pixels and `line` characters, else in two balanced ones.

    Where they fit in no two lines, the two most even ones are scaled down to `room`.
    """
    whole = joined(pieces)
    if length(whole) <= line and width(whole) <= room:
        return Layout((tuple(pieces),))
    if len(pieces) == 1:
        return Layout((tuple(pieces),), min(1.0, room / width(whole)))
    best: tuple[float, int, float] | None = None
    for cut in range(1, len(pieces)):
        above, below = joined(pieces[:cut]), joined(pieces[cut:])
        a, b = width(above), width(below)
        over = max(a, b, 1.0) / room
        cost = abs(a - b) / room + (0.05 if a > b else 0.0)  # a pyramid reads better than its reverse
        left = pieces[cut - 1].text
        if left[-1] in SENTENCE_END + CLAUSE_END:
            cost -= 0.35
        elif len(left) <= 3 and left.islower():
            cost += 0.3
        if pieces[cut].glued:
            cost += 0.15
        if over > 1 or length(above) > line or length(below) > line:
            cost += 100 * max(1.0, over)
        if best is None or cost < best[0]:
            best = (cost, cut, over)
    assert best is not None  # noqa: S101 - there are at least two pieces
    _, cut, over = best
    return Layout((tuple(pieces[:cut]), tuple(pieces[cut:])), min(1.0, 1 / over))


def fits(pieces: Sequence[Piece], width: Callable[[str], float], room: float, line: int) -> bool:
    """Whether the pieces stand in two lines without being scaled down."""
    layout = lay(pieces, width, room, line)
    return layout.scale == 1.0 and all(length(joined(part)) <= line for part in layout.lines)
