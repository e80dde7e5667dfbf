"""The YAML's nouns as pydantic models: characters, schedules and the project's config.

These classes are the only hand-written text about the YAML: the JSON schemas and the reference pages are generated from them
(`python -m talkmill.specs.documents --write`). A default that is filled in from several files is in `defaults.py`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from talkmill.specs.acting import FEELING, SHOTS, VIEW, ShotRule, feeling, rule, view
from talkmill.specs.base import Language, RelativePath, Spec
from talkmill.specs.figures import FIGURES, Animate, fits
from talkmill.specs.money import Budget, Prices, Providers
from talkmill.specs.portraits import Portrait
from talkmill.specs.routes import CharacterRoute, Languages, Lipsync, Route
from talkmill.specs.scalars import wrong
from talkmill.specs.shorthand import ID_PATTERN, Shorthand, line, moment, one_line, texts_kind, unique
from talkmill.specs.sounds import Music, Recordings, of_a_recording
from talkmill.specs.voices import Voice

COLOUR_PATTERN = r"^#[0-9A-Fa-f]{6}$"
HASHTAG_PATTERN = r"^[^#\s]{1,60}$"

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Colour = Annotated[str, StringConstraints(pattern=COLOUR_PATTERN)]
MAX_LINE = 1000
"""Characters of one line: over a minute of speech, more than anybody says in one go, and all of it one take that is made anew
when a letter changes."""

_NO_TEXT = {
    "what": "must be a text, or one text for each language",
    "cure": "Write one text, or `en: ...` and `es: ...` below it.",
}
_by_language = Discriminator(texts_kind, custom_error_type="own", custom_error_message="{what}", custom_error_context=_NO_TEXT)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(one_line)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(one_line)]
Spoken = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LINE)]
PostText = Annotated[str, StringConstraints(max_length=5000)]
Titles = Annotated[
    Annotated[Title, Tag("text")] | Annotated[dict[Language, Title], Field(min_length=1), Tag("by_language")], _by_language
]
SpokenTexts = Annotated[
    Annotated[Spoken, Tag("text")] | Annotated[dict[Language, Spoken], Field(min_length=1), Tag("by_language")], _by_language
]
PostTexts = Annotated[
    Annotated[PostText, Tag("text")] | Annotated[dict[Language, PostText], Field(min_length=1), Tag("by_language")],
    _by_language,
]
Hashtag = Annotated[str, StringConstraints(pattern=HASHTAG_PATTERN)]
FormatName = Literal["vertical", "square", "wide"]
Formats = Annotated[list[FormatName], Field(min_length=1), AfterValidator(unique)]
Moment = Annotated[datetime, BeforeValidator(moment)]


# --- scene ---------------------------------------------------------------------------------------


class Gradient(Spec):
    """A linear gradient."""

    colours: list[Colour] = Field(min_length=2, max_length=4, examples=[["#22304F", "#0E1320"]])
    """Two to four colours from start to end, evenly spaced."""
    angle: float = Field(default=180, ge=0, le=360, examples=[160])
    """Direction in degrees, as in CSS: 180 runs from top to bottom, 90 from left to right."""


class Background(Spec):
    """What is behind the character: exactly one of `colour`, `gradient` and `image`, and an accent where one is wanted."""

    colour: Colour | None = Field(default=None, examples=["#1F2A44"])
    """A plain colour."""
    gradient: Gradient | None = None
    """A linear gradient."""
    image: RelativePath | None = Field(default=None, examples=["images/studio.jpg"])
    """A PNG, JPEG or WebP of the project, as a path from its root; it covers the frame, cut evenly where it is larger."""
    accent: Colour | None = Field(default=None, examples=["#E8A33D"])
    """Colour of the soft disc behind the character; without it there is none."""

    @model_validator(mode="after")
    def _one(self) -> Background:
        given = [name for name in ("colour", "gradient", "image") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise wrong(f"needs exactly one of colour, gradient and image (found {found})", "Keep one of the three.")
        return self


class NameLine(Spec):
    """The line that says who speaks."""

    show: bool | None = None
    """Whether the name is shown."""
    role: Annotated[str, AfterValidator(one_line)] | None = Field(default=None, max_length=40, examples=["Head of Coffee"])
    """Smaller text under the name."""
    colour: Colour | None = None
    """Colour of the text."""
    box: Colour | None = None
    """Colour of the plate behind the text."""


class CaptionStyle(Spec):
    """How captions look."""

    show: bool | None = None
    """Whether captions are burnt into the picture; the sidecar files are always written."""
    font: str | None = Field(default=None, min_length=1, max_length=300, examples=["fonts/Brand-Bold.ttf"])
    """Font family, one of those that come with Talkmill, or a .ttf or .otf file of the project."""
    size: int | None = Field(default=None, ge=24, le=140)
    """Height of the text in pixels of a frame that is 1080 pixels wide."""
    colour: Colour | None = None
    """Colour of the text."""
    highlight: Colour | None = None
    """Colour of the word that is being spoken."""
    outline: Colour | None = None
    """Colour of the outline."""
    box: Colour | None = None
    """Colour of a box behind the text; without it there is none."""
    position: float | None = Field(default=None, ge=0.12, le=0.76)
    """Height of the captions' bottom edge, as a fraction of the frame from the top."""


class Scene(Spec):
    """How a shot is composed.

    What an episode sets stands over what its character sets, and that over the config, key by key; a background is
    replaced as a whole. `null` takes a key back to the default.
    """

    background: Background | None = None
    """What is behind the character. Without one each character gets a quiet gradient of its own."""
    framing: Literal["close", "bust", "wide"] | None = None
    """How large the character is in the frame."""
    headroom: float | None = Field(default=None, ge=0.02, le=0.5)
    """Free space above the head, as a fraction of the frame's height."""
    name_line: NameLine | None = None
    """The line with the character's name."""
    captions: CaptionStyle | None = None
    """How the captions look."""


# --- character -----------------------------------------------------------------------------------


class Character(Spec):
    """`characters/<id>.yaml`: who somebody is. The file's name is the character's id."""

    name: Name = Field(examples=["Ada"])
    """The name people see."""
    portrait: Portrait
    """How the character looks."""
    voice: Voice
    """How the character sounds."""
    voices: dict[Language, Voice] = Field(default_factory=dict)
    """Other voices for other languages, by language; `es` also serves es-MX."""
    scene: Scene = Scene()
    """How the character's shots are composed."""
    lipsync: Lipsync = Lipsync()
    """How the character's mouth follows its speech; stands over the config's."""
    animate: Animate | None = None
    """Of a photograph or a clip: what moves while nobody speaks. Without it a picture is `idle`, and a clip is played there and
    back."""

    routes: list[CharacterRoute] = Field(default_factory=list, max_length=50)
    """Other voices, motion or lip sync for drafts and finals; they stand over the config's routes."""

    @model_validator(mode="after")
    def _animated(self) -> Character:
        for animate in (self.animate, *(route.animate for route in self.routes)):
            fits(self.portrait, animate)
        mouths = [self.lipsync, *(route.lipsync for route in self.routes if route.lipsync)]
        if any(mouth.backend for mouth in mouths) and not isinstance(self.portrait, FIGURES):
            what = "has a lipsync.backend, which is for photographs and clips"
            raise wrong(what, "Take it away: drawn mouths are drawn here.")
        return self


# --- schedule ------------------------------------------------------------------------------------


class Line(Spec):
    """One utterance by one speaker."""

    speaker: Id | None = Field(default=None, examples=["ada"])
    """Who speaks: a character's id. Without it the episode's `speaker` does."""
    text: SpokenTexts = Field(examples=["Hello.", {"en": "Hello.", "es": "Hola."}])
    """What is said: one text, or one for each language. 1,000 characters at most: a line is one breath or two."""
    pause: float = Field(default=0.35, ge=0.1, le=10)
    """Seconds of silence after the line."""
    emotion: Annotated[str | dict[str, float], BeforeValidator(feeling), FEELING] = Field(
        default="neutral", examples=["happy", {"happy": 0.6}]
    )
    """How it is said: neutral, happy, sad, angry, surprised or tender, alone or with its strength from 0 to 1."""
    overlap: float = Field(default=0, ge=0, le=5)
    """Seconds by which the line starts before the line before it has ended."""
    shot: Annotated[str | list[str], BeforeValidator(view), VIEW] | None = Field(
        default=None, examples=["together", "ada", ["ada", "milo"]]
    )
    """Who is in the picture during this line: `together`, a character, or a list of characters from left to right. Without it
    the episode's `shots` decide."""
    recording: Recordings = Field(default=None, examples=["recordings/hello.mp3", {"en": "recordings/hello.wav"}])
    """A sound file of the project in which the text is spoken: one, or one for each language; it stands over the voice."""
    start: float | None = Field(default=None, ge=0, le=36000)
    """Second of the recording at which the line begins; without it the file's beginning."""
    end: float | None = Field(default=None, gt=0, le=36000)
    """Second of the recording at which the line ends; without it the file's end."""
    sung: bool = False
    """Whether the recording is sung: vowels last as long as their notes, and nothing is cut off at the ends."""

    _of_a_recording = model_validator(mode="after")(of_a_recording)


class Post(Spec):
    """What goes with the video when somebody posts it; Talkmill uploads nothing."""

    text: PostTexts = ""
    """The post's text: one, or one for each language."""
    tags: list[Hashtag] = Field(default_factory=list, max_length=30, examples=[["coffee", "baking"]])
    """Hashtags, without the #."""


class Shots(Spec):
    """Who is in the picture when. `shots: auto` is short for `shots: {by: auto}`."""

    by: ShotRule = "speaker"
    """`speaker` cuts to whoever speaks; `together` shows everyone in one frame; `auto` opens together, then cuts from face to
    face, and comes together again for quick exchanges, overlapping lines and the last line."""
    together: Annotated[list[Id], AfterValidator(unique)] | None = Field(
        default=None, min_length=2, max_length=3, examples=[["ada", "milo"]]
    )
    """Who is in the frame together, from left to right: two or three characters. Without it all who speak, in the order in
    which they first do."""


class Episode(Spec):
    """One piece of content: a video in each language and each format."""

    id: Id = Field(examples=["better-coffee"])
    """Name of the episode's folder in out/; unique over all schedules."""
    title: Titles = Field(examples=["Better coffee in one minute"])
    """Title of the video: one, or one for each language."""
    speaker: Id | None = Field(default=None, examples=["ada"])
    """Who speaks the lines that name nobody: a character's id."""
    languages: Languages | None = Field(default=None, examples=[["en", "es"]])
    """Languages to make. Without them the schedule's."""
    script: list[Annotated[Line, BeforeValidator(line), Shorthand()]] = Field(min_length=1)
    """The lines, in order: a text, `character: text`, or a mapping with `speaker`, `text`, `emotion` and more."""
    shots: Annotated[Shots, BeforeValidator(rule), SHOTS] = Field(default_factory=Shots, examples=["auto"])
    """Who is in the picture when."""
    publish_at: Moment | None = Field(default=None, examples=["2027-03-01", "2027-03-01T18:00:00+01:00"])
    """When the post is meant to go out; without it the episode is always due. Without an offset it is this machine's time."""
    skip: bool = False
    """Leave this episode out."""
    scene: Scene = Scene()
    """Stands over the characters' scenes."""
    formats: Formats | None = Field(default=None, examples=[["vertical", "square"]])
    """Shapes to render. Without them the config's."""
    post: Post = Post()
    """Text and tags of the post."""
    music: Music | None = None
    """A track under the whole episode."""


class Schedule(Spec):
    """`schedules/<id>.yaml`: a list of episodes."""

    languages: Languages = Field(default=["en"])
    """Languages of every episode that names none itself."""
    episodes: list[Episode] = Field(min_length=1)
    """The episodes."""


# --- config --------------------------------------------------------------------------------------


class Ffmpeg(Spec):
    """Which ffmpeg is used."""

    path: str | None = Field(default=None, min_length=1, max_length=1000, examples=["/usr/local/bin/ffmpeg"])
    """An ffmpeg of yours; without it the one that comes with Talkmill."""


class Config(Spec):
    """`config.yaml`: what this project sets; everything has a default, and the file may be absent."""

    seed: int = Field(default=1, ge=0, le=4294967295)
    """Seed of everything that varies: gestures, blinks, voices."""
    horizon: int = Field(default=7, ge=0, le=3650)
    """Days ahead of today for which episodes are made."""
    fps: Literal[24, 25, 30, 50, 60] = 30
    """Frames a second."""
    formats: Formats = Field(default=["vertical"])
    """Shapes to render: vertical 1080x1920, square 1080x1080, wide 1920x1080."""
    loudness: float = Field(default=-14, ge=-24, le=-9)
    """Integrated loudness of the finished video in LUFS."""
    scene: Scene = Scene()
    """Stands under every character's scene."""
    lipsync: Lipsync = Lipsync()
    """Stands under every character's."""
    purpose: Literal["draft", "final"] = "draft"
    """Which routes are taken; TALKMILL_PURPOSE stands over it."""
    routes: list[Route] = Field(default_factory=list, max_length=50)
    """Which backends are used when: free ones for drafts, paid ones for finals."""
    budget: Budget = Budget()
    """Caps on what may be spent."""
    prices: Prices = Prices()
    """Prices of yours."""
    providers: Providers = Providers()
    """How paid providers are reached."""
    ffmpeg: Ffmpeg = Ffmpeg()
    """The ffmpeg that draws and encodes."""
    store: str = Field(default="store", min_length=1, max_length=1000)
    """Folder of the content-addressed media; TALKMILL_STORE stands over it. May lie outside the project."""
    ledger: str = Field(default="ledger", min_length=1, max_length=1000)
    """Folder of the records of paid calls; TALKMILL_LEDGER stands over it. May lie outside the project."""
