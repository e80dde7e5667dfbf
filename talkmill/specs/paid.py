"""What costs money: voices, pictures, motion and lip sync of paid providers. What each model takes, planning checks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from talkmill.specs.base import RelativePath, Spec
from talkmill.specs.scalars import lacking, wrong

Prompt = Annotated[str, StringConstraints(min_length=1, max_length=5000)]
ModelId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Settings = dict[str, Any]


class Dictionary(Spec):
    """A pronunciation dictionary that lies at ElevenLabs."""

    id: str = Field(min_length=1, max_length=100)
    """The dictionary's id."""
    version: str = Field(min_length=1, max_length=100)
    """The id of its version."""


class ElevenLabsVoice(Spec):
    """A voice of ElevenLabs', paid by the character. See docs/how-to/elevenlabs.md."""

    backend: Literal["elevenlabs"] = "elevenlabs"
    voice: str = Field(min_length=1, max_length=100, examples=["21m00Tcm4TlvDq8ikWAM"])
    """The voice's id."""
    model: str | None = Field(default=None, examples=["eleven_v3", "eleven_flash_v2_5"])
    """Without it eleven_multilingual_v2."""
    stability: float | None = Field(default=None, ge=0, le=1)
    """How even the voice is; without it the voice's own, as with the next four."""
    similarity: float | None = Field(default=None, ge=0, le=1)
    """How close it stays to the recorded voice."""
    style: float | None = Field(default=None, ge=0, le=1)
    """How much of the recording's manner is exaggerated."""
    speed: float | None = Field(default=None, ge=0.7, le=1.2)
    """1.1 is a tenth faster."""
    speaker_boost: bool | None = None
    """Whether likeness is boosted."""
    normalize: Literal["auto", "on", "off"] | None = None
    """Whether numbers and abbreviations are written out first."""
    pronunciation: dict[str, str] = Field(default_factory=dict, max_length=200, examples=[{"Nguyen": "win"}])
    """Words, each with how it is spelt when it is said; captions keep the word."""
    dictionaries: list[Dictionary] = Field(default_factory=list, max_length=3)
    """Pronunciation dictionaries that lie at ElevenLabs."""
    format: Literal["mp3_44100_128", "pcm_44100"] | None = None
    """What is bought: mp3_44100_128, or pcm_44100 where your plan has it."""
    context: bool = False
    """Whether the lines beside a line go with it, so that the intonation goes on. A line is then bought again when its
    neighbour changes."""


class KlingPortrait(Spec):
    """A portrait from words, bought from Kling. See docs/how-to/kling.md."""

    backend: Literal["kling"] = "kling"
    """Says that the picture is bought."""
    prompt: Prompt = Field(examples=["A friendly woman of thirty, facing the camera, mouth closed, plain grey background"])
    """Who is to be seen. Ask for a face that looks into the camera, mouth closed."""
    negative_prompt: Prompt | None = None
    """What is not to be seen; not with `image`."""
    image: RelativePath | None = Field(default=None, examples=["photos/nina.png"])
    """A picture to go by."""
    model: ModelId | None = Field(default=None, examples=["kling-v2-1"])
    """Without it kling-v3."""
    aspect_ratio: str | None = Field(default=None, examples=["3:4"])
    """Without it 9:16."""
    resolution: Literal["1k", "2k"] | None = None
    """Without it 1k."""


class FalPortrait(Spec):
    """A portrait from words by a model at fal. See docs/how-to/fal.md."""

    backend: Literal["fal"] = "fal"
    """Says that the picture is bought."""
    prompt: Prompt = Field(examples=["A friendly woman of thirty, facing the camera, mouth closed, plain grey background"])
    """Who is to be seen."""
    model: ModelId | None = Field(default=None, examples=["fal-ai/flux/schnell"])
    """Without it FLUX.1 dev."""
    width: int | None = Field(default=None, ge=256, le=2048)
    """Without it 736."""
    height: int | None = Field(default=None, ge=256, le=2048)
    """Without it 1312."""
    seed: int | None = Field(default=None, ge=0, le=2147483647)
    """Without it the config's."""
    settings: Settings = Field(default_factory=dict)
    """Further fields of the model's own."""
    declare: dict[str, Any] | None = None
    """What a model takes that Talkmill does not know, or other values for one that it does."""


class KlingMotion(Spec):
    """A portrait set in motion by Kling."""

    backend: Literal["kling"] = "kling"
    """Says that the motion is bought, once for the character."""
    prompt: Prompt | None = None
    """What happens; without it somebody breathes and blinks and does not speak."""
    negative_prompt: Prompt | None = None
    """What does not; older models only."""
    model: ModelId | None = Field(default=None, examples=["kling-v2-6"])
    """Without it kling-v2-5-turbo."""
    seconds: int | None = Field(default=None, ge=3, le=15)
    """Length; without it 5."""
    resolution: Literal["720p", "1080p", "4k"] | None = None
    """Without it 1080p."""


class FalMotion(Spec):
    """A portrait set in motion by a model at fal."""

    backend: Literal["fal"] = "fal"
    """Says that the motion is bought, once for the character."""
    model: ModelId | None = Field(default=None, examples=["fal-ai/kling-video/v2.5-turbo/standard/image-to-video"])
    """Without it Kling 2.5 turbo."""
    prompt: Prompt | None = None
    """What happens; without it a calm face looks at the viewer."""
    duration: int | None = Field(default=None, ge=1, le=30)
    """Length in seconds."""
    settings: Settings = Field(default_factory=dict)
    """Further fields of the model's own."""
    declare: dict[str, Any] | None = None
    """What a model takes that Talkmill does not know, or other values for one that it does."""


MOUTHS: dict[str, tuple[str, ...]] = {
    "warp": (),
    "kling": ("method", "mode", "prompt"),
    "fal": ("model", "prompt", "settings", "declare"),
}
"""Backends of lip sync for photographs and clips, and what each of them can be told."""


def of_backend(lipsync: Any) -> Any:
    """Raise where a `lipsync` says what its backend does not take."""
    told = [name for names in MOUTHS.values() for name in names if getattr(lipsync, name) is not None]
    takes = MOUTHS[lipsync.backend or "warp"]
    strange = [name for name in dict.fromkeys(told) if name not in takes]
    if strange:
        fitting = [backend for backend, names in MOUTHS.items() if set(told) <= set(names)]
        what = f"says {', '.join(strange)}, which {lipsync.backend or 'the lip sync of this machine'} does not take"
        cure = f"Add `backend: {fitting[0]}`, or take it away." if fitting and lipsync.backend is None else "Take it away."
        raise (wrong if lipsync.backend else lacking)(what, cure)
    return lipsync
