"""How mouths follow speech, and which backends are used when."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from talkmill.specs.base import Language, Spec
from talkmill.specs.figures import Animate
from talkmill.specs.paid import ModelId, Prompt, Settings, of_backend
from talkmill.specs.scalars import lacking, wrong
from talkmill.specs.shorthand import unique
from talkmill.specs.voices import Voice

Languages = Annotated[list[Language], Field(min_length=1), AfterValidator(unique)]


class Lipsync(Spec):
    """How a mouth follows speech."""

    sync_strength: float | None = Field(default=None, ge=0, le=1.2)
    """How far the mouth moves: 1 is the style's own full movement, 0.8 to 0.9 looks realistic, 0.6 to 0.7 stylised. Lips meet
    for p, b and m whatever it is."""
    temporal_smoothing: float | None = Field(default=None, ge=0, le=1)
    """How far movements run into each other: 0 is crisp, 1 lazy. Lips still meet for p, b and m."""
    face_threshold: float | None = Field(default=None, ge=0, le=1)
    """Of photographs and clips: how sure it must be that a face is there before its mouth is moved."""
    backend: Literal["warp", "kling", "fal"] | None = None
    """Of photographs and clips: who moves the mouth. `warp` is this machine and the default; `kling` and `fal` are paid."""
    method: Literal["avatar", "lip-sync", "lip-sync-single"] | None = None
    """Of kling: `avatar`, the default, makes a speaking head of one picture; `lip-sync` gives the clip new lips and needs
    `providers.kling.upload`."""
    mode: Literal["std", "pro"] | None = None
    """Of kling's avatar: 720p or 1080p; without it std."""
    prompt: Prompt | None = None
    """Of kling's avatar, and of fal's models that take one: how it is said."""
    model: ModelId | None = Field(default=None, examples=["fal-ai/latentsync"])
    """Of fal: the model; without it Kling's lip sync."""
    settings: Settings | None = None
    """Of fal: further fields of the model's own."""
    declare: dict[str, Any] | None = None
    """Of fal: what a model takes that Talkmill does not know, or other values for one that it does."""

    _of_backend = model_validator(mode="after")(of_backend)


class Route(Spec):
    """What is used when. The first route that fits and names a stage decides; a condition that is not given fits everything."""

    purpose: Literal["draft", "final"] | None = None
    """`draft` or `final`, as config.yaml's `purpose` says, or TALKMILL_PURPOSE, which stands over it."""
    style: Literal["photo", "drawn"] | None = None
    """Characters that are photographs or clips, or drawn ones."""
    line: Literal["speech", "song"] | None = None
    """Spoken or sung lines; of `lipsync` alone."""
    lipsync: Lipsync | None = None
    """How mouths follow speech."""
    animate: Animate | None = None
    """What a photograph does by itself."""

    @model_validator(mode="after")
    def _decides(self) -> Route:
        stages = [name for name in ("voice", "lipsync", "animate") if name in type(self).model_fields]
        if all(getattr(self, name) is None for name in stages):
            given = ", ".join(sorted(self.model_fields_set)) or "nothing"
            raise lacking(f"decides nothing (found {given})", f"Add {', '.join(stages[:-1])} or {stages[-1]}, or take it away.")
        if self.line and self.lipsync is None:
            raise wrong("has a line and no lipsync", "Take `line` away: only mouths are told spoken lines from sung ones.")
        if getattr(self, "languages", None) and getattr(self, "voice", None) is None:
            raise wrong("has languages and no voice", "Take `languages` away: only voices are told languages apart.")
        if self.style == "drawn" and (self.animate or (self.lipsync and self.lipsync.backend)):
            key = "animate" if self.animate else "lipsync.backend"
            raise wrong(f"is for drawn characters and has {key}", f"Take `{key}` away: it is for photographs and clips.")
        return self


class CharacterRoute(Route):
    """A route of one character's: it stands over the config's."""

    languages: Languages | None = None
    """Languages that it is for; of `voice` alone."""
    voice: Voice | None = None
    """How the character sounds."""
