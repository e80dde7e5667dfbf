"""The YAML's nouns as pydantic models: characters, schedules and the project's config.

These classes are the only hand-written text about the YAML: the JSON schemas and the reference pages are generated from them.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
RelativePath = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""A path inside the project; the loader refuses what leaves it."""


class Spec(BaseModel):
    """Base of all specs: an unknown key is an error, a value never changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


# --- scene ---------------------------------------------------------------------------------------


class Gradient(Spec):
    colours: list[Colour] = Field(min_length=2, max_length=4)
    """Colours from start to end, evenly spaced."""
    angle: float = Field(default=180, ge=0, le=360)
    """Direction in degrees, as in CSS: 180 runs from top to bottom, 90 from left to right."""


class Background(Spec):
    """One of `colour`, `gradient` and `image`."""

    colour: Colour | None = None
    """A plain colour."""
    gradient: Gradient | None = None
    """A linear gradient."""
    image: RelativePath | None = None
    """A PNG, JPEG or WebP of the project; it covers the frame, cut evenly where it is larger."""
    accent: Colour | None = None
    """Colour of the soft disc behind the character; without it there is none."""

    @model_validator(mode="after")
    def _one(self) -> Background:
        given = [name for name in ("colour", "gradient", "image") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of colour, gradient and image (given: {', '.join(given) or 'none'})")
        return self


class NameLine(Spec):
    """The line that says who speaks."""

    show: bool = True
    """Whether the name is shown."""
    role: str | None = Field(default=None, max_length=40)
    """Smaller text under the name, for example "Head of Coffee"."""
    colour: Colour | None = None
    """Colour of the text."""
    box: Colour | None = None
    """Colour of the plate behind the text."""


class CaptionStyle(Spec):
    show: bool | None = None
    """Whether captions are burnt into the picture (the sidecar files are always written). Default: true."""
    font: str | None = None
    """Font family, one of those that come with Talkmill or a font file of the project. Default: see the reference."""
    size: int | None = Field(default=None, ge=24, le=140)
    """Height in pixels of a 1080-pixel-wide frame. Default: 68."""
    colour: Colour | None = None
    """Text colour. Default: #FFFFFF."""
    highlight: Colour | None = None
    """Colour of the word that is being spoken. Default: #FFD23F."""
    outline: Colour | None = None
    """Outline colour. Default: #101014."""
    box: Colour | None = None
    """Colour of a box behind the text; without it there is none."""
    position: float | None = Field(default=None, ge=0.12, le=0.76)
    """Height of the captions' bottom edge, as a fraction of the frame from the top. Default: 0.64."""


class Scene(Spec):
    """How a shot is composed. What an episode sets stands over what its character sets, key by key."""

    background: Background | None = None
    """What is behind the character."""
    framing: Literal["close", "bust", "wide"] | None = None
    """How large the character is in the frame. Default: bust."""
    headroom: float | None = Field(default=None, ge=0.02, le=0.5)
    """Free space above the head, as a fraction of the frame's height. Default: 0.16."""
    name_line: NameLine | None = None
    """The line with the character's name."""
    captions: CaptionStyle | None = None
    """How the captions look."""


# --- character -----------------------------------------------------------------------------------


class AvatarPortrait(Spec):
    """A vector character of a DiceBear style."""

    backend: Literal["avatar"] = "avatar"
    style: str
    """Name of the style; `talkmill` lists those that can talk when it does not know one."""
    seed: str = "1"
    """Any text; the same text gives the same character."""
    traits: dict[str, str | list[str] | float | int | bool] = Field(default_factory=dict)
    """Traits that stand over the seed's choice, by the style's own names (hair, skinColor, clothes ...)."""


class Effects(Spec):
    pitch: float = Field(default=0, ge=-12, le=12)
    """Semitones; 0 leaves the voice as it is."""
    formant: float = Field(default=0, ge=-6, le=6)
    """Semitones by which the vocal tract's resonances move: above 0 smaller and younger, below 0 larger."""
    pace: float = Field(default=1, ge=0.5, le=2)
    """Speed of speech; 1.1 is a tenth faster."""


class PiperVoice(Spec):
    """A Piper voice: `joe` ships with Talkmill, any other is an .onnx file of the project with its .onnx.json beside it."""

    backend: Literal["piper"] = "piper"
    model: str = "joe"
    """`joe`, or the path of an .onnx file."""
    speaker: int | None = Field(default=None, ge=0)
    """Speaker number in a voice that has several."""
    variation: float = Field(default=0.667, ge=0, le=1.5)
    """How lively the intonation is (Piper's noise scale)."""
    effects: Effects = Effects()
    """Changes to the voice."""


class HibariVoice(Spec):
    """A natural voice for English: `heart`, a woman's, ships with Talkmill; another voice of Hibari's is an .onnx file."""

    backend: Literal["hibari"] = "hibari"
    model: str = "heart"
    """`heart`, or the path of an .onnx file."""
    effects: Effects = Effects()
    """Changes to the voice."""


class KokoroVoice(Spec):
    """A natural voice for Spanish, Italian, Portuguese, French and English, spoken with a slight foreign colour."""

    backend: Literal["kokoro"] = "kokoro"
    voice: Literal["jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo"] = "jf_alpha"
    """Whose voice: four women and a man (jm_kumo)."""
    effects: Effects = Effects()
    """Changes to the voice."""


class EspeakVoice(Spec):
    """A formant voice in one of a hundred languages: robotic, clear, always there."""

    backend: Literal["espeak"] = "espeak"
    voice: str | None = None
    """espeak-ng voice, for example "en-gb+f3"; default: the episode's language."""
    pitch: int = Field(default=50, ge=0, le=99)
    """espeak's own pitch."""
    effects: Effects = Effects()
    """Changes to the voice."""


Voice = Annotated[PiperVoice | HibariVoice | KokoroVoice | EspeakVoice, Field(discriminator="backend")]


class Character(Spec):
    """characters/<id>.yaml: who somebody is. The file's name is the character's id."""

    name: Text
    """The name people see."""
    portrait: AvatarPortrait
    """How the character looks."""
    voice: Voice
    """How the character sounds."""
    voices: dict[Language, Voice] = Field(default_factory=dict)
    """Other voices for other languages, by language."""
    scene: Scene = Scene()
    """How the character's shots are composed."""


# --- schedule ------------------------------------------------------------------------------------


class Line(Spec):
    speaker: Id | None = None
    """Who speaks: a character's id. Default: the episode's `speaker`."""
    text: Text | dict[Language, Text]
    """What is said: one text, or one for each language."""
    pause: float = Field(default=0.35, ge=0.1, le=10)
    """Seconds of silence after the line."""
    emotion: Literal["neutral", "happy", "sad", "angry", "surprised", "tender"] = "neutral"
    """How it is said."""


LINE_KEYS = set(Line.model_fields)


def _line(value: object) -> object:
    """A bare text is a line of the episode's speaker; `{ada: text}` is a line of ada's."""
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, dict) and len(value) == 1:
        (key, text), = value.items()
        if key not in LINE_KEYS and isinstance(key, str) and re.match(ID_PATTERN, key):
            return {"speaker": key, "text": text}
    return value


class Post(Spec):
    """What goes with the video when somebody posts it; Talkmill uploads nothing."""

    text: str | dict[Language, str] = ""
    """The post's text."""
    tags: list[str] = Field(default_factory=list, max_length=30)
    """Hashtags, without the #."""


FormatName = Literal["vertical", "square", "wide"]


class Episode(Spec):
    id: Id
    """Name of the episode's folder in out/; unique over all schedules."""
    title: Text | dict[Language, Text]
    """Title of the video."""
    speaker: Id | None = None
    """Who speaks the lines that name nobody."""
    languages: list[Language] | None = Field(default=None, min_length=1)
    """Languages to make. Default: the schedule's."""
    script: Annotated[list[Annotated[Line, BeforeValidator(_line)]], Field(min_length=1)]
    """The lines, in order: a text, `character: text`, or a mapping with `speaker`, `text`, `pause` and `emotion`."""
    publish_at: datetime | None = None
    """When the post is meant to go out; without it the episode is always due."""
    skip: bool = False
    """Leave this episode out."""
    scene: Scene = Scene()
    """Stands over the characters' scenes."""
    formats: list[FormatName] | None = Field(default=None, min_length=1)
    """Shapes to render. Default: the config's."""
    post: Post = Post()
    """Text and tags of the post."""


class Schedule(Spec):
    """schedules/<id>.yaml: a list of episodes."""

    languages: list[Language] = Field(default_factory=lambda: ["en"], min_length=1)
    """Languages of every episode that names none itself."""
    episodes: list[Episode] = Field(min_length=1)
    """The episodes."""


# --- config --------------------------------------------------------------------------------------


class Ffmpeg(Spec):
    path: str | None = None
    """An ffmpeg of yours; default: the one that comes with Talkmill."""


class Config(Spec):
    """config.yaml: what this project sets; everything has a default."""

    seed: int = Field(default=1, ge=0)
    """Seed of everything that varies: gestures, blinks, voices."""
    horizon: int = Field(default=7, ge=0, le=3650)
    """Days ahead of today for which episodes are made."""
    fps: Literal[24, 25, 30, 50, 60] = 30
    """Frames a second."""
    formats: list[FormatName] = Field(default_factory=lambda: ["vertical"], min_length=1)
    """Shapes to render: vertical 1080x1920, square 1080x1080, wide 1920x1080."""
    loudness: float = Field(default=-14, ge=-24, le=-9)
    """Integrated loudness of the finished video in LUFS."""
    scene: Scene = Scene()
    """Stands under every character's scene."""
    ffmpeg: Ffmpeg = Ffmpeg()
    """Which ffmpeg is used."""
    store: str = "store"
    """Folder of the content-addressed media; TALKMILL_STORE stands over it. May lie outside the project."""
    ledger: str = "ledger"
    """Folder of the records of paid calls; TALKMILL_LEDGER stands over it. May lie outside the project."""
