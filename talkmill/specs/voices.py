"""How a character sounds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from talkmill.specs.base import Spec
from talkmill.specs.paid import ElevenLabsVoice
from talkmill.specs.shorthand import backend_of


class Effects(Spec):
    """Changes to a voice after it has spoken."""

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


Voice = Annotated[
    Annotated[PiperVoice, Tag("piper")]
    | Annotated[HibariVoice, Tag("hibari")]
    | Annotated[KokoroVoice, Tag("kokoro")]
    | Annotated[EspeakVoice, Tag("espeak")]
    | Annotated[ElevenLabsVoice, Tag("elevenlabs")],
    Discriminator(backend_of),
]
