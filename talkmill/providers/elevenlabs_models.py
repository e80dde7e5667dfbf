"""What each of ElevenLabs' speech models takes, as data: so that what it does not take is refused before anything is sent.

Sources: the provider's model and API pages and recorded probes of its API, as of 2026-11. A model that is not in the table
is sent what the user wrote, within the limits that all models share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_V2 = "en ja zh de hi fr ko pt it es id nl tr fil pl sv bg ro ar cs el fi hr ms sk da ta uk ru"
V2_LANGUAGES = frozenset(_V2.split())

FORMATS = {"mp3_44100_128": 44_100, "pcm_44100": 44_100}
"""Formats that can be asked for, and their samples a second. PCM at that rate needs the provider's Pro tier."""

SEEDS = 2**32
"""Seeds are 0 to this, less one."""

DICTIONARIES = 3
"""Pronunciation dictionaries that one request may name."""


@dataclass(frozen=True)
class Model:
    """One speech model."""

    characters: int  # of one request's text, at most
    languages: frozenset[str] | None = None  # None: so many that they are not listed here
    language_code: bool = True  # whether the language may be named
    context: bool = True  # whether it takes previous_text and next_text
    tags: bool = False  # whether "[whispers]" is a direction and not a word
    stability: tuple[float, ...] | None = None  # the only values there are; None: any from 0 to 1
    inert: frozenset[str] = field(default_factory=frozenset)  # settings that are accepted, and change nothing


MODELS: Mapping[str, Model] = {
    "eleven_multilingual_v2": Model(10_000, V2_LANGUAGES, language_code=False),
    "eleven_flash_v2_5": Model(40_000, V2_LANGUAGES | {"hu", "no", "vi"}),
    "eleven_v3": Model(5_000, language_code=False, context=False, tags=True, stability=(0.0, 0.5, 1.0)),
    "eleven_v4": Model(10_000, tags=True, inert=frozenset({"style", "speed", "speaker_boost"})),
}

OTHER = Model(5_000)
"""What is believed of a model that the table does not have."""

RANGES = {"stability": (0.0, 1.0), "similarity": (0.0, 1.0), "style": (0.0, 1.0), "speed": (0.7, 1.2)}
"""Settings of the voice that are numbers."""


def model(name: str) -> Model:
    """The row of a model."""
    return MODELS.get(name, OTHER)


def refusal(name: str, options: Mapping[str, Any], language: str, text: str = "", context: bool = False) -> str | None:
    """Why a model does not take these options, language or text: *what is wrong (what was found). What to do*. None: it does.

    Args:
        name: the model's id.
        options: of the voice, as `talkmill.backends.speak.elevenlabs` lists them.
        language: BCP 47.
        text: as it is sent; "" where it is not known yet.
        context: whether the neighbours' text goes along.
    """
    facts = model(name)
    short = language.lower().split("-")[0]
    if facts.languages is not None and {"nb": "no", "nn": "no"}.get(short, short) not in facts.languages:
        return f"{name} does not speak the language ({language}). Choose eleven_v3 or eleven_v4, or another voice for it"
    for key, (least, most) in RANGES.items():
        value = options.get(key)
        if value is not None and not least <= value <= most:
            return f"`{key}` is out of range ({value:g}; it is {least:g} to {most:g}). Correct it"
    for key in ("speaker_boost", "speed", "style"):
        if key in facts.inert and options.get(key) is not None:
            return f"`{key}` changes nothing with {name} ({options[key]}). Leave it out, or choose eleven_multilingual_v2"
    stability = options.get("stability")
    if stability is not None and facts.stability and stability not in facts.stability:
        known = ", ".join(f"{value:g}" for value in facts.stability)
        return f"`stability` has steps with {name} ({stability:g} is none of {known}). Give one of these"
    if context and not facts.context:
        return f"{name} does not take the neighbours' text. Leave `context` out, or choose eleven_multilingual_v2 or eleven_v4"
    if len(options.get("dictionaries") or ()) > DICTIONARIES:
        return f"`dictionaries` names too many ({len(options['dictionaries'])}; {DICTIONARIES} at most). Take some out"
    for word, said in (options.get("pronunciation") or {}).items():
        if said.startswith("/") and said.endswith("/"):
            return f"{name} reads no phonetic letters ({word}: {said}). Write it as it is spelt when it is said, like tock-mill"
    if len(text) > facts.characters:
        return f"the line is too long for {name} ({len(text):,} characters; {facts.characters:,} at most). Make two lines of it"
    return None
