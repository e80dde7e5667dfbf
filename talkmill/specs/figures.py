"""Characters that are photographs or clips: where the face is, and what moves before it speaks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from talkmill.specs.base import RelativePath, Spec
from talkmill.specs.paid import FalMotion, FalPortrait, KlingMotion, KlingPortrait
from talkmill.specs.scalars import wrong
from talkmill.specs.shorthand import backend_of
from talkmill.specs.yaml_file import quote


def _face(value: Any) -> Any:
    number = isinstance(value, int) and not isinstance(value, bool)
    if not (number and 1 <= value <= 20) and value not in ("left", "right"):
        found = value if number else quote(value) if isinstance(value, str) else "something else"
        raise wrong(f"is no face (found {found})", "Write left, right, or its number from the left, from 1 to 20.")
    return value


class PhotoPortrait(Spec):
    """A photograph or a video of somebody. See docs/how-to/photos.md."""

    backend: Literal["file"] = "file"
    """Says that the character is a file of yours."""
    file: RelativePath | None = Field(default=None, examples=["photos/nina.png"])
    """A PNG, JPEG, WebP or TIFF in which a face looks into the camera; 512 pixels of face are good, 256 the least."""
    clip: RelativePath | None = Field(default=None, examples=["photos/nina.mp4"])
    """A video instead of a picture: somebody who looks into the camera and does not speak."""
    face: Annotated[Literal["left", "right"] | Annotated[int, Field(ge=1, le=20)], BeforeValidator(_face)] | None = Field(
        default=None, examples=["left", 2]
    )
    """Which face, where there are several: `left`, `right`, or its number from the left."""
    mouth_box: Annotated[list[float], Field(min_length=4, max_length=4)] | None = Field(
        default=None, examples=[[0.42, 0.55, 0.16, 0.08]]
    )
    """Where the mouth is, for faces that no detector finds (an animal, a statue, a drawing): left, top, width and height as
    fractions of the picture."""
    backdrop: Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")] = "#FFFFFF"
    """Colour behind a picture that is see-through."""

    @model_validator(mode="after")
    def _one(self) -> PhotoPortrait:
        if (self.file is None) == (self.clip is None):
            found = "both" if self.file else "none"
            raise wrong(f"needs exactly one of file and clip (found {found})", "Keep `file` for a picture, `clip` for a video.")
        if self.mouth_box and self.face:
            raise wrong("has both face and mouth_box", "Keep one: with a mouth_box no face is looked for.")
        if self.mouth_box:
            x, y, width, height = self.mouth_box
            if min(x, y) < 0 or min(width, height) <= 0.005 or x + width > 1 or y + height > 1:
                found = ", ".join(f"{number:g}" for number in self.mouth_box)
                what = f"has a mouth_box that does not lie in the picture (found {found})"
                raise wrong(what, "Give left, top, width and height, each from 0 to 1.")
        return self


class IdleMotion(Spec):
    """What a photograph does by itself: the head sways a little, the chest breathes. Made once, on this machine."""

    backend: Literal["idle"] = "idle"
    """`idle` comes with Talkmill."""
    motion: float = Field(default=1, ge=0.25, le=1.5)
    """How far the head and the chest move. There is no 0: a picture that stands still is taken for a video that hangs."""


class ClipMotion(Spec):
    """How a video of yours is played under the lines."""

    backend: Literal["clip"] = "clip"
    """The portrait's own `clip`."""
    play: Literal["there_and_back", "through"] = "there_and_back"
    """`there_and_back` plays each line from the clip's first frame and returns to it, so a line that changes re-makes its own
    part only; `through` lets the clip run on along the episode, and a line that grows re-makes what follows."""
    start: float = Field(default=0, ge=0, le=36000)
    """Second of the clip at which it begins."""
    end: float | None = Field(default=None, gt=0, le=36000)
    """Second of the clip at which it ends; without it the clip's end."""

    @model_validator(mode="after")
    def _forward(self) -> ClipMotion:
        if self.end is not None and self.end < self.start + 0.5:
            raise wrong(f"ends too early (start {self.start:g}, end {self.end:g})", "Give half a second at least.")
        return self


def motion_kind(value: Any) -> str | None:
    """The tag of `Animate`: the backend, or what the keys say."""
    found = backend_of(value)
    if found is None and isinstance(value, dict):
        return "idle" if "motion" in value else "clip"
    return found


Animate = Annotated[
    Annotated[IdleMotion, Tag("idle")]
    | Annotated[ClipMotion, Tag("clip")]
    | Annotated[KlingMotion, Tag("kling")]
    | Annotated[FalMotion, Tag("fal")],
    Discriminator(motion_kind),
]
FIGURES = (PhotoPortrait, KlingPortrait, FalPortrait)
"""Portraits that are pictures or clips, not drawings in layers."""


def fits(portrait: Any, animate: Any) -> None:
    """Raise where a character's `animate` does not go with its portrait."""
    if animate is None:
        return
    if not isinstance(portrait, FIGURES):
        raise wrong(
            "has animate, which is for photographs and clips", "Take `animate` away: drawn characters move by themselves."
        )
    clip = getattr(portrait, "clip", None)
    if (animate.backend == "clip") != (clip is not None):
        what = "a clip" if clip else "a picture"
        cure = "Use `clip` for a clip; `idle`, `kling` or `fal` for a picture; or take it away."
        raise wrong(f"animates {what} with {animate.backend}", cure)
