"""How a character looks: a vector character of a style, drawings of the user's own, or a photograph."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from talkmill.specs.base import RelativePath, Spec
from talkmill.specs.figures import PhotoPortrait
from talkmill.specs.paid import FalPortrait, KlingPortrait
from talkmill.specs.scalars import wrong
from talkmill.specs.shorthand import one_line, portrait_kind, trait
from talkmill.specs.yaml_file import Plain, quote

Trait = Annotated[str | list[str] | float | int | bool, BeforeValidator(trait)]
Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class AvatarPortrait(Spec):
    """A vector character of a DiceBear style."""

    backend: Literal["avatar"] = "avatar"
    """Who draws it. `avatar` comes with Talkmill."""
    style: str = Field(min_length=1, max_length=60, examples=["avataaars"])
    """Name of the style; a wrong one is answered with the list of those that can talk."""
    seed: str = Field(default="1", max_length=200, examples=["ada"])
    """Any text; the same text gives the same character."""
    traits: dict[str, Trait] = Field(default_factory=dict, examples=[{"skinColor": "#AE5D29"}])
    """Traits that stand over the seed's choice, by the style's own names (hair, skinColor, clothes ...)."""

    @model_validator(mode="before")
    @classmethod
    def _no_photos(cls, value: Any) -> Any:
        found = quote(value) if isinstance(value, str) and value else None
        if isinstance(value, dict):
            if "sheet" in value:
                raise wrong("has no key of that name (found sheet:)", "Write {backend: sheet, folder: characters/pip}.")
            keys = [key for key in ("file", "image", "photo", "path", "clip", "video") if key in value]
            found = f"{keys[0]}:" if keys else "backend: photo" if value.get("backend") == "photo" else None
        if found is None:
            return value
        cure = "Write {file: photos/nina.png} for a photograph, or {style: avataaars, seed: ada} for a vector character."
        raise wrong(f"is no vector character (found {found})", cure)

    @field_validator("traits", mode="before")
    @classmethod
    def _colours_are_texts(cls, value: Any) -> Any:
        """A colour of six digits (614335) is no number."""
        if not isinstance(value, dict):
            return value
        return {
            key: str(item) if isinstance(item, Plain) and key.lower().endswith(("color", "colour")) else item
            for key, item in value.items()
        }


class Anchors(Spec):
    """Where the face of a drawn character is, in pixels from the canvas's upper left corner (of SVGs alone: in their units).

    What is not given is found from the layers; `talkmill sheet FOLDER` says where.
    """

    top: float | None = Field(default=None, ge=0)
    """Height of the top of all that moves with the head: hair, ears or hat."""
    chin: float | None = Field(default=None, ge=0)
    """Height of the chin."""
    eyes: list[Point] | None = Field(default=None, min_length=2, max_length=2, examples=[[[410, 520], [610, 520]]])
    """The middles of the two eyes, the one on the left of the picture first."""
    mouth: Point | None = Field(default=None, examples=[[512, 700]])
    """The middle of the closed mouth."""
    neck: Point | None = Field(default=None, examples=[[512, 900]])
    """The point about which the head turns."""


class SheetPortrait(Spec):
    """A character of your own drawing: a folder of PNG or SVG layers. See docs/how-to/own-drawings.md."""

    backend: Literal["sheet"] = "sheet"
    """Says that the character is a folder of drawings."""
    folder: RelativePath = Field(examples=["characters/pip"])
    """The folder of the layers."""
    mouths: Literal["rhubarb", "preston-blair", "oculus"] | None = None
    """How the mouths are named; without it this is found from the names."""
    twos: bool = False
    """Whether the mouth changes on every second frame only, as in hand animation."""
    anchors: Anchors = Anchors()
    """Where the face is, where it is not found right."""
    creator: Annotated[str, AfterValidator(one_line)] | None = Field(default=None, max_length=200, examples=["Nora Lind"])
    """Who has drawn it, for the credits."""
    licence: Annotated[str, AfterValidator(one_line)] | None = Field(default=None, max_length=200, examples=["CC0 1.0"])
    """On what terms it may be used, for the credits."""


Portrait = Annotated[
    Annotated[AvatarPortrait, Tag("avatar")]
    | Annotated[SheetPortrait, Tag("sheet")]
    | Annotated[PhotoPortrait, Tag("file")]
    | Annotated[KlingPortrait, Tag("kling")]
    | Annotated[FalPortrait, Tag("fal")],
    Discriminator(portrait_kind),
]
