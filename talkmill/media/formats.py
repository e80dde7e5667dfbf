"""Shapes of finished videos: their size and the box that every app leaves free of its own buttons and texts."""

from __future__ import annotations

from dataclasses import dataclass

from talkmill.errors import RequestError


@dataclass(frozen=True)
class Format:
    """One shape; lengths in pixels of the finished frame."""

    name: str
    width: int
    height: int
    safe: tuple[int, int, int, int]  # x0, y0, x1, y1: captions lie inside, edges included
    position: float  # where captions' bottom edge is when nobody says otherwise, as a fraction of the height
    line: int  # characters at most in one line of a burnt-in caption

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    @property
    def caption_width(self) -> int:
        """Widest caption that is centred on the frame and still lies inside the safe box."""
        x0, _, x1, _ = self.safe
        return int(2 * min(self.width / 2 - x0, x1 - self.width / 2))


FORMATS: dict[str, Format] = {
    # The worst of the published free areas of TikTok, Reels and Shorts (right: buttons; bottom: texts; top: tabs).
    "vertical": Format("vertical", 1080, 1920, (60, 220, 896, 1470), 0.64, 20),
    # Feeds crop nothing; a twentieth on every side is the usual title-safe margin (EBU R 95).
    "square": Format("square", 1080, 1080, (54, 54, 1026, 1026), 0.92, 26),
    "wide": Format("wide", 1920, 1080, (96, 54, 1824, 1026), 0.92, 42),
}
"""The shapes by name."""


def named(name: str) -> Format:
    """The format of that name.

    Raises:
        RequestError: there is none.
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise RequestError(f"formats: no shape of that name ({name!r}). Choose one of: {', '.join(FORMATS)}.") from None
