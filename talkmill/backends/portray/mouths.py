"""The names of drawn mouths: three naming schemes, which viseme each drawing is, and what stands in for one that is missing.

The visemes are the 15 of the Oculus set, and `W`, a tight "oo". Which drawing of a Rhubarb or Preston Blair set a viseme is
comes from `openfacefx`; `_AMENDED` stands over it where our curves tell more apart than a label can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

SCHEMES = ("rhubarb", "preston-blair", "oculus")

VISEMES = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U", "W")

CLOSED, OPEN = ("PP", "sil"), ("aa", "O", "E")
"""A sheet needs a drawing of its own for one viseme of each."""

POINTS: dict[str, dict[str, float]] = {
    "sil": {},
    "PP": {"press": 1.0},
    "FF": {"open": 0.08, "teeth": 0.6, "tuck": 1.0},
    "TH": {"open": 0.26, "teeth": 0.7, "tongue": 0.95},
    "DD": {"open": 0.20, "width": 0.1, "teeth": 0.6, "tongue": 0.4},
    "kk": {"open": 0.28, "width": 0.05, "teeth": 0.5},
    "CH": {"open": 0.21, "width": -0.3, "round": 0.55, "teeth": 0.8},
    "SS": {"open": 0.14, "width": 0.3, "teeth": 1.0},
    "nn": {"open": 0.36, "width": 0.1, "teeth": 0.5, "tongue": 0.5},
    "RR": {"open": 0.24, "width": -0.25, "round": 0.35, "teeth": 0.4},
    "aa": {"open": 0.70, "teeth": 0.5},
    "E": {"open": 0.46, "width": 0.3, "teeth": 0.6},
    "I": {"open": 0.26, "width": 0.8, "teeth": 0.8},
    "O": {"open": 0.52, "width": -0.45, "round": 0.65, "teeth": 0.2},
    "U": {"open": 0.22, "width": -0.8, "round": 0.9},
    "W": {"open": 0.12, "width": -0.8, "round": 0.95},
}
"""Where the curves of `lipsync: viseme` are when the viseme is spoken at an ordinary effort."""

STAND_INS: dict[str, tuple[str, ...]] = {
    "sil": ("PP",),
    "PP": ("sil",),
    "FF": ("PP", "sil"),
    "TH": ("DD", "nn", "SS", "kk", "E", "I", "aa", "O"),
    "DD": ("SS", "kk", "nn", "TH", "E", "I", "aa", "O"),
    "kk": ("DD", "SS", "nn", "E", "I", "aa", "O"),
    "CH": ("RR", "SS", "DD", "kk", "U", "W", "E", "I", "O", "aa"),
    "SS": ("DD", "kk", "CH", "I", "nn", "E", "aa", "O"),
    "nn": ("DD", "kk", "SS", "E", "I", "aa", "O"),
    "RR": ("CH", "kk", "DD", "U", "W", "SS", "E", "O", "I", "aa"),
    "aa": ("E", "O"),
    "E": ("kk", "I", "aa", "DD", "SS", "O"),
    "I": ("E", "SS", "kk", "DD", "aa", "O"),
    "O": ("U", "W", "RR", "aa", "E"),
    "U": ("W", "O", "RR", "CH", "aa", "E"),
    "W": ("U", "O", "RR", "CH", "aa", "E"),
}
"""Viseme -> the visemes whose drawing stands in for it, the nearest first. `openfacefx`'s own stand-ins come before these."""

_AMENDED: dict[str, dict[str, tuple[str, ...]]] = {
    # Rhubarb calls E slightly rounded (off, bird) and F puckered (you, way); `openfacefx` has one drawing for both o and u.
    "rhubarb": {"O": ("E",), "CH": ("B",), "W": ("F",)},
    # In the chart E is the wide one; AI stands for the open vowels. A and I may also be drawn apart.
    "preston-blair": {"I": ("I", "E", "AI"), "aa": ("A", "AI"), "W": ("WQ", "U")},
    "oculus": {},
}

_NAMES: dict[str, dict[str, str]] = {
    "rhubarb": {letter.lower(): letter for letter in "ABCDEFGHX"},
    "preston-blair": {
        "ai": "AI", "aei": "AI", "a": "A", "i": "I", "e": "E", "o": "O", "u": "U",
        "etc": "etc", "cdgknrsthyz": "etc", "cdgknrsyz": "etc", "cdgknrsth": "etc", "cdgk": "etc", "cons": "etc",
        "consonant": "etc", "consonants": "etc",
        "l": "L", "th": "TH", "lth": "L", "wq": "WQ", "w": "WQ", "q": "WQ", "woo": "WQ",
        "mbp": "MBP", "mpb": "MBP", "bmp": "MBP", "m": "MBP", "closed": "MBP",
        "fv": "FV", "f": "FV", "rest": "rest", "neutral": "rest", "idle": "rest", "open": "AI",
    },
    "oculus": {name.lower(): name for name in VISEMES[:-1]}
    | {"silence": "sil", "rest": "sil", "neutral": "sil", "ah": "aa", "eh": "E", "ih": "I", "ee": "I", "oh": "O", "ou": "U"}
    | {"w": "W"},
}  # fmt: skip
"""By scheme: a file's name in small letters, without signs -> the drawing it is."""

_EXTRA: dict[str, tuple[str, ...]] = {"rhubarb": (), "preston-blair": ("TH",), "oculus": ("W",)}
"""Drawings that we know and the scheme itself does not have."""

_PREFIX = re.compile(r"^(mouth|viseme|lip|phoneme)(s?[^a-z0-9]+|(?=.))")


@dataclass(frozen=True)
class MouthSet:
    """What the mouths of a sheet are.

    `drawn` maps each drawing's name to its file; `shapes` each viseme to the drawing that is shown; `standing_in` the visemes
    without a drawing of their own to the drawing that stands in. `unknown` are files that the scheme does not know.
    """

    scheme: str
    drawn: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    standing_in: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    twice: list[tuple[str, str]] = field(default_factory=list)

    def lacking(self) -> list[str]:
        """Which of "closed" and "open" has no drawing at all."""
        own = set(self.shapes) - set(self.standing_in)
        return [word for word, visemes in (("closed", CLOSED), ("open", OPEN)) if not own & set(visemes)]

    def missing(self) -> list[str]:
        """Drawings of the scheme that are not there, as far as a viseme would show them."""
        wanted = dict.fromkeys(names[0] for names in table(self.scheme).values() if names[0] not in _EXTRA[self.scheme])
        return [name for name in wanted if name not in self.drawn and not self._split(name)]

    def _split(self, name: str) -> bool:
        """A and I where AI is drawn, and the other way round: no more than another way to draw the same."""
        pairs = {"A": ("AI",), "I": ("AI", "E")}
        return self.scheme == "preston-blair" and any(other in self.drawn for other in pairs.get(name, ()))


@cache
def table(scheme: str) -> dict[str, tuple[str, ...]]:
    """Viseme -> the drawings of a scheme that show it, the best first."""
    if scheme == "oculus":
        return {viseme: (viseme,) for viseme in VISEMES} | {"W": ("W", "U")}
    from openfacefx.retarget import PRESET_FALLBACKS, PRESETS

    name = scheme.replace("-", "_")
    rules = PRESET_FALLBACKS.get(name, {})
    made: dict[str, tuple[str, ...]] = {}
    for viseme in VISEMES:
        first = _AMENDED[scheme].get(viseme) or tuple(target for target, _ in PRESETS[name][viseme])
        made[viseme] = first + tuple(target for one in first for target, _ in rules.get(one, ()))
    if scheme == "preston-blair":
        made["TH"] = ("TH", *made["TH"])
    return made


def reduced(stem: str) -> str:
    """A file's name without what does not tell mouths apart: `Mouth_A I`, `viseme-PP` and `mouth.FV` are `ai`, `pp`, `fv`."""
    return re.sub(r"[^a-z0-9]+", "", _PREFIX.sub("", stem.strip().lower()))


def scheme_of(stems: Iterable[str]) -> str | None:
    """The scheme that knows most of the names; None where none knows two, or where two know as many and differ in no name.

    A letter means another mouth in another scheme (Rhubarb's A is shut, Preston Blair's is open), so what decides are the
    names that one scheme alone has.
    """
    names = {reduced(stem) for stem in stems}
    counts = {scheme: len(names & known.keys()) for scheme, known in _NAMES.items()}
    best = max(counts.values())
    found = [scheme for scheme, count in counts.items() if count == best]
    if len(found) > 1:  # of as many names, the scheme with a closed and an open mouth among them
        found = [scheme for scheme in found if not mouth_set({stem: stem for stem in names}, scheme).lacking()] or found
    return found[0] if best >= 2 and len(found) == 1 else None


def mouth_set(files: Mapping[str, str], scheme: str) -> MouthSet:
    """The mouths of `files` (stem -> file) read by `scheme`, with what stands in for the visemes that have none."""
    made = MouthSet(scheme)
    for stem, file in sorted(files.items()):
        drawing = _NAMES[scheme].get(reduced(stem))
        if drawing is None:
            made.unknown.append(file)
        elif drawing in made.drawn:
            made.twice.append((made.drawn[drawing], file))
        else:
            made.drawn[drawing] = file
    found = table(scheme)
    own = {viseme: _first(names, made.drawn) for viseme, names in found.items()}
    for viseme in VISEMES:
        drawing = own[viseme]
        primary = bool(drawing) and not _borrowed(scheme, viseme, str(drawing))
        if drawing is None:
            drawing = next((own[other] for other in STAND_INS[viseme] if own[other]), None)
        if drawing is not None:
            made.shapes[viseme] = drawing
            if not primary:
                made.standing_in[viseme] = drawing
    return made


def _first(names: Iterable[str], drawn: Mapping[str, str]) -> str | None:
    return next((name for name in names if name in drawn), None)


def _borrowed(scheme: str, viseme: str, drawing: str) -> bool:
    """Whether the drawing is `openfacefx`'s stand-in for the viseme rather than its own."""
    if scheme == "oculus":
        return False
    from openfacefx.retarget import PRESET_FALLBACKS

    rules = PRESET_FALLBACKS.get(scheme.replace("-", "_"), {})
    first = table(scheme)[viseme][0]
    return drawing != first and drawing in [target for target, _ in rules.get(first, ())]
