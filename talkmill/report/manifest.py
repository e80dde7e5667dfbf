"""What `out/<episode>/<language>/manifest.json` holds, as far as the gallery reads it.

The deliver stage writes it; more keys than these may be there. Paths are relative to the manifest's own folder.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Video(TypedDict):
    """One finished video."""

    name: str  # the shape: "vertical", "square", "wide"
    file: str  # "vertical.mp4"
    seconds: float


class Checks(TypedDict):
    """What the check found, one entry a format."""

    verdict: str  # "pass" or "fail"
    measures: dict[str, Any]  # name to value, as the check's facts
    failures: NotRequired[list[str]]


class Credit(TypedDict):
    """Somebody whose work is in the video, and on what terms."""

    what: str  # "voice", "portrait of Ada", "caption font"
    name: str  # "Avataaars", "CC BY 4.0": the work or its licence, as it must be named
    url: NotRequired[str]
    creator: NotRequired[str]


class Cost(TypedDict):
    """What the makings of this episode cost."""

    amount: float
    currency: str  # ISO 4217
    calls: NotRequired[int]  # how many were bought
    unknown: NotRequired[int]  # of how many the ledger knows nothing


class Manifest(TypedDict):
    """One episode in one language."""

    episode: str
    language: str
    title: str
    formats: list[Video]
    cover: str  # JPEG
    captions: list[str]  # subtitle files
    checks: dict[str, Checks]  # by format
    publish_at: NotRequired[str | None]  # ISO 8601
    makings: int  # count of makings in the store behind this episode
    cost: Cost
    credits: list[Credit]
    backends: dict[str, str]  # verb to name, "speak": "piper"


REQUIRED = ("episode", "language", "title", "formats")
"""Keys without which the gallery shows no card."""
