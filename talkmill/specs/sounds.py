"""The user's own sound in the YAML: recordings of lines, and music."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from talkmill.specs.base import Language, RelativePath, Spec
from talkmill.specs.scalars import wrong
from talkmill.specs.shorthand import texts_kind

_by_file = Discriminator(
    texts_kind,
    custom_error_type="own",
    custom_error_message="{what}",
    custom_error_context={
        "what": "must be a file, or one file for each language",
        "cure": "Write one path, or `en: ...` and `es: ...` below it.",
    },
)
Recordings = Annotated[
    Annotated[RelativePath, Tag("text")] | Annotated[dict[Language, RelativePath], Field(min_length=1), Tag("by_language")],
    _by_file,
]
"""A sound file, or one for each language."""


class Music(Spec):
    """A track under an episode; it never moves a mouth."""

    file: RelativePath = Field(examples=["music/morning.mp3"])
    """A sound file of the project. It is cut at the episode's end with a fade, and does not repeat."""
    gain: float = Field(default=-16, ge=-40, le=6)
    """Decibels of the music against the voices; for a song about -4."""
    under: Literal["episode", "song"] = "episode"
    """Where it begins: with the episode, or with the recording of the first sung line, so that the two fit."""


def of_a_recording(line: Any) -> Any:
    """What cuts a recording, or sings it, needs one."""
    given = [name for name in ("start", "end", "sung") if getattr(line, name) not in (None, False)]
    if line.recording is None and given:
        raise wrong(f"has {' and '.join(given)} and no recording", "Add `recording: FILE`, or take that away.")
    if line.start is not None and line.end is not None and line.end <= line.start:
        raise wrong(f"ends before it starts (found {line.start:g} to {line.end:g})", "Swap `start` and `end`.")
    return line
