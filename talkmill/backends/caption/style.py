"""How captions look: a resolved caption style with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULTS: dict[str, Any] = {
    "show": True,
    "font": None,
    "size": 68,
    "colour": "#FFFFFF",
    "highlight": "#FFD23F",
    "outline": "#101014",
    "box": None,
    "position": None,
}


@dataclass(frozen=True)
class Style:
    """One speaker's captions; `position` None is the shape's own."""

    show: bool
    font: str | None
    size: int
    colour: str
    highlight: str
    outline: str
    box: str | None
    position: float | None

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Style:
        """A style from the request: what is missing or None is the default."""
        given = given or {}
        return cls(**{key: default if given.get(key) is None else given[key] for key, default in DEFAULTS.items()})
