"""What shape a mouth has, from its opening, width and teeth; and what shape a phoneme asks for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from talkmill.measure.subject import Drawings
from talkmill.measure.watch import Seen

SHUT, TUCKED, ROUND, WIDE, OPEN, OTHER = "shut", "teeth on lip", "round", "wide", "open", "between"
CLASSES = {
    SHUT: frozenset("pbm"),
    TUCKED: frozenset("fv"),
    ROUND: frozenset(("u", "o", "w", "y", "ɥ", "ʊ")),
    WIDE: frozenset(("i", "e")),
    OPEN: frozenset(("a", "ɑ", "ɐ", "æ")),
}
"""Shape -> the phonemes that ask for it."""
VISEMES = {
    "sil": SHUT, "PP": SHUT, "FF": TUCKED, "O": ROUND, "U": ROUND, "W": ROUND, "E": WIDE, "I": WIDE, "aa": OPEN,
}  # fmt: skip
"""Viseme -> the shape that its drawing stands for; the others are between."""
CLOSED = 0.045
"""Opening, against the widest, up to which lips count as shut: about four pixels of a face in a vertical video."""
NARROW, NARROWER, SPREAD = 0.87, 0.80, 1.02
"""Width, against the mouth at rest, up to which a mouth is round (and when it is wide open), and from which it is wide."""
WIDEST = 0.40
"""Opening from which a mouth that is neither round nor spread is open."""


@dataclass(frozen=True)
class Limits:
    """From where on a mouth counts as what. `closed`: opening up to which lips are shut; `narrow`, `narrower`: width up to
    which a mouth is round, and when it is wide open; `spread`: width from which it is wide; `widest`: opening from which it is
    open;
    `moves`: change of opening or width in one frame up to which it is still; `tucked`: opening above which teeth may be seen
    on the lip, and width up to which."""

    closed: float = CLOSED
    narrow: float = NARROW
    narrower: float = NARROWER
    spread: float = SPREAD
    widest: float = WIDEST
    moves: float = 0.02
    tucked: tuple[float, float] = (CLOSED, 0.98)


PAINTED = Limits()


@dataclass(frozen=True)
class Shape:
    """A face's mouth in every frame, against its own mouth at rest.

    `aperture`: opening of the lips in the middle, 1 is as wide as the style's mouth goes, 0 is the mouth at rest. `width`: 1 is
    the mouth at rest. `teeth`: how much of the opening they show, in the unit of `aperture`; `dark`: what of the opening is
    neither teeth nor tongue.

    Of a mouth that is drawn, `drawing` says which drawing is shown (-1: none is known), and `stands` which shapes each of them
    stands for. A drawing lasts for `step` frames at least.
    """

    aperture: np.ndarray
    width: np.ndarray
    teeth: np.ndarray
    dark: np.ndarray
    limits: Limits = PAINTED
    drawing: np.ndarray | None = None
    stands: tuple[tuple[str, ...], ...] = ()
    step: int = 1

    @property
    def shut(self) -> np.ndarray:
        """In which frames the lips are shut."""
        if self.drawing is not None:
            return np.array([SHUT in self._shown(frame) for frame in range(len(self.drawing))], bool)
        return np.nan_to_num(self.aperture, nan=1.0) <= self.limits.closed

    @property
    def changed(self) -> np.ndarray:
        """By how much each frame's shape differs from the one before (one value fewer); a drawing is the same or is not."""
        if self.drawing is not None:
            return (np.diff(self.drawing) != 0) | (self.drawing[1:] < 0)
        change = np.maximum(np.abs(np.diff(self.aperture)), np.abs(np.diff(self.width)))
        return np.nan_to_num(change, nan=1.0)

    def _shown(self, frame: int) -> tuple[str, ...]:
        """The shapes that a frame's drawing stands for."""
        number = int(self.drawing[frame])  # type: ignore[index]
        return self.stands[number] if number >= 0 else ()

    def called(self, frames: np.ndarray, wanted: str = "") -> str:
        """What a viewer would call the shape over some frames; `wanted` of the shapes that the drawings seen stand for."""
        if self.drawing is None:
            return named(*self.at(frames), self.limits)
        shown = Counter(self._shown(int(frame)) or (OTHER,) for frame in frames)
        if any(wanted in stands for stands in shown):
            return wanted
        return max(shown, key=lambda stands: (shown[stands], stands))[0]

    def at(self, frames: np.ndarray) -> tuple[float, float, float, float]:
        """Means over some frames; NaN where none of them has a mouth."""
        chosen = [values[frames][~np.isnan(values[frames])] for values in (self.aperture, self.width, self.teeth, self.dark)]
        a, w, t, d = (float(values.mean()) if len(values) else float("nan") for values in chosen)
        return a, w, t, d


def shape_of(seen: Seen, still: np.ndarray) -> Shape:
    """The shape in every frame; `still` says in which frames of the shot the mouth should be at rest."""
    if seen.face.drawings is not None:
        return _drawn(seen, seen.face.drawings)
    known = ~np.isnan(seen.height)
    rest = known & still
    if rest.sum() < 3:  # no pause: the least open frames
        rest = known & (seen.height <= np.nanpercentile(seen.height, 10)) if known.any() else known
    line = float(np.median(seen.height[rest])) if rest.any() else 0.0
    width = float(np.median(seen.width[rest])) if rest.any() else 2 * seen.face.unit
    gap = seen.face.gap
    aperture = np.maximum(seen.height - line, 0) / gap
    dark = np.maximum(seen.height - seen.teeth - seen.tongue - line, 0) / gap
    return Shape(aperture, seen.width / width, seen.teeth / gap, dark)


def stands_for(made: Drawings) -> tuple[tuple[str, ...], ...]:
    """The shapes that each drawing stands for, by the visemes that it is shown for."""
    return tuple(
        tuple(dict.fromkeys(VISEMES[one] for one in visemes if one in VISEMES)) or (OTHER,) for visemes in made.visemes
    )


def _drawn(seen: Seen, made: Drawings) -> Shape:
    """Opening and width are those of the drawings, for the picture of a review; what they are is said by their naming."""
    stands = stands_for(made)
    rest = next(number for number, visemes in enumerate(made.visemes) if "sil" in visemes)
    shut = np.array([SHUT in one for one in stands])
    tall = np.where(shut, 0.0, np.maximum(np.array(made.heights) - made.heights[rest], 0) / seen.face.gap)
    wide = np.array(made.widths) / made.widths[rest]
    known, number = seen.drawing >= 0, np.maximum(seen.drawing, 0)
    opened, width = (np.where(known, values[number], np.nan) for values in (tall, wide))
    unknown = np.full(len(opened), np.nan)
    return Shape(opened, width, unknown, unknown, PAINTED, seen.drawing, stands, made.step)


def named(aperture: float, width: float, teeth: float, dark: float, limits: Limits = PAINTED) -> str:
    """The shape that a viewer would call it."""
    if np.isnan(aperture):
        return OTHER
    if teeth >= 0.06 and dark <= 0.05 and limits.tucked[0] < aperture <= 0.45 and width <= limits.tucked[1]:
        return TUCKED
    if aperture <= limits.closed:
        return SHUT
    if width <= (limits.narrow if aperture <= 0.45 else limits.narrower):
        return ROUND
    if width >= limits.spread + 0.2 * max(aperture - limits.widest, 0):
        return WIDE
    return OPEN if aperture >= limits.widest else OTHER


def asked(symbol: str) -> str | None:
    """The shape that a phoneme asks for; None where it is none of these."""
    return next((name for name, symbols in CLASSES.items() if symbol in symbols), None)
