"""Which voices and variants espeak-ng has, read from its data files: cheap, and without loading the engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

NAMES = {"en": "en-us", "zh": "cmn", "no": "nb", "iw": "he", "in": "id", "pt-pt": "pt", "zh-hk": "yue", "zh-yue": "yue"}
NAMES |= {"es-mx": "es-419", "es-ar": "es-419", "es-co": "es-419", "es-us": "es-419", "tl": "fil"}
"""Language tags (lower case) that espeak-ng names otherwise."""

_REGION = re.compile(r"[A-Za-z]{2}|[A-Za-z]{4}|[0-9]{3}")
_FACT = re.compile(rb"^(language|name)[ \t]+(.+?)[ \t]*\r?$", re.M)


@dataclass(frozen=True)
class Voices:
    """What the data folder holds, in lower case; `variants` as they are written."""

    languages: frozenset[str]
    names: frozenset[str]  # "german", "gmw/de"
    variants: frozenset[str]

    def speaks(self, language: str) -> bool:
        """Whether there is a voice for a language tag (BCP 47): itself, or less its last parts; a script counts for nothing."""
        parts = [part for part in language.lower().replace("_", "-").split("-") if not (len(part) == 4 and part.isalpha())]
        return any(NAMES.get(tag, tag) in self.languages for tag in ("-".join(parts[:n]) for n in range(len(parts), 0, -1)))

    def has(self, voice: str) -> bool:
        """Whether `voice`, without its variant, is one of espeak-ng's own names, or a language's tag: a region or a script that
        it has no voice for may be left off, a word that is neither is a typing error."""
        if voice.lower() in self.names or voice.lower() in self.languages:
            return True
        first, *rest = voice.replace("_", "-").split("-")
        return self.speaks(first) and all(_REGION.fullmatch(part) for part in rest)


@cache
def installed() -> Voices | None:
    """The voices of the package espeakng-loader; None where it is not installed."""
    spec = find_spec("espeakng_loader")
    if spec is None or not spec.submodule_search_locations:
        return None
    data = Path(next(iter(spec.submodule_search_locations))) / "espeak-ng-data"
    languages, names = set(), set()
    for path in (data / "lang").rglob("*"):
        if not path.is_file():
            continue
        names.add(path.relative_to(data / "lang").as_posix().lower())
        for kind, value in _FACT.findall(path.read_bytes()):
            text = value.decode("utf-8", "replace").lower()
            if kind == b"name":
                names.add(text)
            else:
                languages.add(text.split()[0])
    variants = frozenset(path.name for path in (data / "voices" / "!v").iterdir())
    return Voices(frozenset(languages), frozenset(names), variants)
