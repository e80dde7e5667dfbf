"""From IPA to what a mouth does: phones, their visemes, and what each viseme asks of the lips, the jaw and the tongue.

The visemes are the 15 of the Oculus set. `openfacefx` says which one an IPA symbol is; `MIXTURES` stands over it where one
viseme of that set misses what the lips visibly do (rounded front vowels, the schwa, the palatal fricative), and adds symbols
it does not know. What neither knows is mapped by its base letter and named on stderr.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

ARTICULATORS = ("open", "width", "round", "teeth", "tongue")
"""What the blended visemes drive; lip closures and tucks are events of their own (`mouth.py`)."""

TARGETS: dict[str, tuple[float, float, float, float, float]] = {
    "sil": (0.00, 0.00, 0.00, 0.00, 0.00),
    "PP": (0.02, -0.10, 0.00, 0.00, 0.00),
    "FF": (0.14, 0.00, 0.00, 0.60, 0.00),
    "TH": (0.26, 0.05, 0.00, 0.70, 1.00),
    "DD": (0.26, 0.10, 0.00, 0.60, 0.50),
    "kk": (0.34, 0.05, 0.00, 0.40, 0.00),
    "CH": (0.24, -0.35, 0.60, 0.80, 0.10),
    "SS": (0.15, 0.30, 0.00, 1.00, 0.10),
    "nn": (0.25, 0.10, 0.00, 0.50, 0.50),
    "RR": (0.25, -0.30, 0.40, 0.40, 0.15),
    "aa": (1.00, 0.00, 0.00, 0.50, 0.00),
    "E": (0.58, 0.35, 0.00, 0.60, 0.00),
    "I": (0.30, 1.00, 0.00, 0.80, 0.10),
    "O": (0.70, -0.50, 0.75, 0.20, 0.00),
    "U": (0.24, -0.95, 1.00, 0.05, 0.00),
}
"""Viseme -> targets in the order of `ARTICULATORS`, at full effort."""

LOOSE = frozenset(("PP", "FF", "TH", "DD", "kk", "nn"))
LOOSENESS = 0.35
"""Visemes that say little of how far lips are spread or rounded, and how much they say: the tongue or the lips' closure makes
them, and their spread is that of the vowels around (Cohen and Massaro 1993: dominance is a matter of each articulator)."""

SILENCE = "sil"
SHUT = frozenset("pbmɓʘʙƥ")
"""Phones that shut the lips for certain."""
TUCKED = frozenset("fvɱⱱ")
"""Phones that put the lower lip under the upper teeth for certain."""
CONSTRICTIONS: tuple[tuple[frozenset[str], float, dict[str, float]], ...] = (
    (frozenset("wʍɥ"), 0.8, {"open": 0.22, "width": -0.75, "round": 0.9}),
    (frozenset(("ʃ", "ʒ", "tʃ", "dʒ", "ɕ", "ʑ", "tɕ", "dʑ")), 0.7, {"open": 0.22, "width": -0.3, "round": 0.6, "teeth": 0.8}),
    (frozenset(("s", "z", "ts", "dz")), 0.6, {"open": 0.15, "width": 0.3, "teeth": 1.0}),
    (frozenset("θð"), 1.0, {"open": 0.28, "tongue": 0.95}),
    (frozenset("tdnlɾɭɳʈɖ"), 1.0, {"tongue": 0.5}),
)
"""Phones, how far they reach their targets in their middle, and the targets. A consonant is short: the blend with the vowels
around it alone would lose the shape that tells it from others."""
FIRM = frozenset("oɔuʊyøœʉɵieɪ")
FIRMNESS = 0.6
"""Vowels that are told by their lips, and how far width and rounding reach their targets in a vowel's middle. A short vowel
between two others is a blend of them; its jaw may stay half way, but its lips are what is seen of it."""
SHAPELESS = frozenset("hɦʔħʕʜʢʡ")
"""Phones made in the throat: the mouth has the shape of what follows."""

MIXTURES: dict[str, dict[str, float]] = {
    # vowels
    "e": {"E": 0.55, "I": 0.45},
    "ə": {"E": 0.65, "sil": 0.35},
    "ɐ": {"aa": 0.7, "E": 0.3},
    "ʌ": {"aa": 0.7, "E": 0.3},
    "æ": {"aa": 0.75, "E": 0.25},
    "ɪ": {"E": 0.5, "I": 0.5},
    "ɨ": {"I": 0.7, "E": 0.3},
    "ɘ": {"E": 0.7, "sil": 0.3},
    "ø": {"U": 0.55, "E": 0.45},
    "œ": {"O": 0.6, "E": 0.4},
    "ɶ": {"O": 0.5, "aa": 0.5},
    "ɵ": {"O": 0.5, "U": 0.5},
    "ʉ": {"U": 0.8, "I": 0.2},
    "ɯ": {"I": 0.5, "U": 0.5},
    "ɤ": {"E": 0.6, "O": 0.4},
    "ʊ": {"U": 0.7, "O": 0.3},
    "o": {"O": 0.75, "U": 0.25},
    "ɒ": {"O": 0.65, "aa": 0.35},
    "ɜ": {"E": 0.5, "RR": 0.5},
    "ɝ": {"E": 0.4, "RR": 0.6},
    "ɚ": {"E": 0.35, "RR": 0.65},
    # consonants
    "β": {"PP": 0.7, "U": 0.3},
    "ɸ": {"PP": 0.65, "U": 0.35},
    "ç": {"I": 0.6, "SS": 0.4},
    "ʝ": {"I": 0.7, "SS": 0.3},
    "r": {"DD": 1.0},
    "ɽ": {"DD": 1.0},
    "ʁ": {"kk": 1.0},
    "ʀ": {"kk": 1.0},
    "ɺ": {"DD": 1.0},
    "ɬ": {"DD": 0.6, "SS": 0.4},
    "ɮ": {"DD": 0.6, "SS": 0.4},
    "ʟ": {"kk": 1.0},
    "ɴ": {"kk": 1.0},
    "ɗ": {"DD": 1.0},
    "ɠ": {"kk": 1.0},
    "ʛ": {"kk": 1.0},
    "ʄ": {"kk": 1.0},
    "ʂ": {"CH": 0.7, "SS": 0.3},
    "ʐ": {"CH": 0.7, "SS": 0.3},
    "ɧ": {"CH": 0.6, "kk": 0.4},
    "ħ": {"kk": 1.0},
    "ʕ": {"kk": 1.0},
    "ʢ": {"kk": 1.0},
    "ʡ": {"kk": 1.0},
    "ʜ": {"kk": 1.0},
    "ʋ": {"FF": 0.7, "sil": 0.3},
    "ⱱ": {"FF": 1.0},
    "ɓ": {"PP": 1.0},
    "ƥ": {"PP": 1.0},
    "ʙ": {"PP": 1.0},
    # clicks
    "ʘ": {"PP": 1.0},
    "ǀ": {"TH": 0.5, "DD": 0.5},
    "ǃ": {"DD": 1.0},
    "ǂ": {"DD": 1.0},
    "ǁ": {"DD": 0.6, "E": 0.4},
    "ʇ": {"TH": 0.5, "DD": 0.5},
    "ʗ": {"DD": 1.0},
    "ʖ": {"DD": 0.6, "E": 0.4},
}
"""IPA symbol -> weights of visemes, where these say more than `openfacefx`'s one viseme, or where it has none."""

VOWELS = frozenset("aeiouyæøœɐɑɒɔəɘɛɜɝɚɤɪɯɵɶʉʊʌɨ")
_AFFRICATES = ("tʃ", "dʒ", "tɕ", "dʑ", "ts", "dz", "tʂ", "dʐ")
_BASES = dict(zip("abcdefghijklmnopqrstuvwxyz", "abkdefɡhijklmnopkɹstuvwkyz", strict=True))
"""Base letter of an unknown symbol -> the IPA symbol whose class it is taken to be."""
_SPELLINGS = {"\ue000": "ç", "g": "ɡ", "˞": "ɹ", "ɫ": "l", "ᵻ": "ɪ", "ᵿ": "ʊ", "ʏ": "ø", "ɞ": "œ", "ε": "ɛ"}
"""Characters that are seen as another symbol."""
_SWITCH = re.compile(r"\([a-z-]*\)")
"""espeak's mark that it goes on with the voice of another language, as in `(en)`."""
_NAME = re.compile(r"LETTER (?:SMALL |CAPITAL )?(?:[A-Z]+ )*?([A-Z])\b")


@dataclass(frozen=True)
class Phone:
    """One mouth shape of the utterance, and when: samples at 48 kHz from the segment's start."""

    symbol: str  # one IPA symbol without marks, or an affricate; `SILENCE` is a pause
    start: int
    end: int


@cache
def visemes_of(symbol: str) -> dict[str, float]:
    """Weights of visemes of a symbol as `split_symbol` gives it; they sum to 1."""
    from openfacefx.ipa import IPA_MAPPING

    if symbol in MIXTURES:
        return MIXTURES[symbol]
    known = IPA_MAPPING.rows.get(symbol)
    if known is None and symbol in _AFFRICATES:
        known = visemes_of(symbol[1:])
    if known is None:
        raise KeyError(symbol)
    return dict(known)


@cache
def lips_of(symbol: str) -> dict[str, float]:
    """What a symbol's visemes ask of `width` and `round`."""
    weights = visemes_of(symbol).items()
    return {name: sum(share * TARGETS[one][ARTICULATORS.index(name)] for one, share in weights) for name in ("width", "round")}


@cache
def split_symbol(symbol: str) -> tuple[str, ...]:
    """The mouth shapes in a phoneme's symbol, in order: `"aɪ"` is `a, ɪ`; `"t͡ʃ"` is one. Marks only: an empty tuple.

    Stress, length, tone, tie bars and diacritics are dropped (they move no lip). An unknown symbol is replaced by its class
    (base letter, else a half-open mouth) and named on stderr once a process.
    """
    spoken = _SWITCH.sub("", unicodedata.normalize("NFC", symbol))
    folded = unicodedata.normalize("NFD", spoken.replace("ç", "\ue000"))
    letters = "".join(_letter(char, symbol) for char in folded)
    shapes: list[str] = []
    at = 0
    while at < len(letters):
        size = 2 if letters[at : at + 2] in _AFFRICATES else 1
        shapes.append(letters[at : at + size])
        at += size
    return tuple(shapes)


def _letter(char: str, symbol: str) -> str:
    """The known symbol that stands for one character of a phoneme, or `""` for a mark."""
    if char in _SPELLINGS:
        return _SPELLINGS[char]
    if not unicodedata.category(char).startswith("L") or unicodedata.category(char) == "Lm":
        return ""
    try:
        visemes_of(char)
    except KeyError:
        pass
    else:
        return char
    base = _NAME.search(unicodedata.name(char, ""))
    known = _BASES.get(base.group(1).lower(), "ə") if base else "ə"
    print(f"lipsync: unknown phoneme ({symbol!r}); its mouth shape is taken from {known!r}", file=sys.stderr)
    return known


def phones_of(phonemes: Sequence[tuple[str, int, int]], length: int) -> list[Phone]:
    """Phonemes (symbol, start, end in samples) to phones that cover `0..length` without a gap.

    What lies outside `0..length` is cut off, overlaps belong to the later phoneme, a symbol of marks only prolongs the phone
    before it, and a phone made in the throat takes the shape of the phone it touches (the next one, else the one before).
    """
    flat: list[list] = []
    for symbol, start, end in sorted(phonemes, key=lambda item: (item[1], item[2])):
        start, end = max(0, start), min(length, end)
        if end <= start:
            continue
        shapes = split_symbol(symbol) if symbol else (SILENCE,)
        if not shapes:
            if flat and flat[-1][2] == start:
                flat[-1][2] = end
            continue
        # The first part of a diphthong is the longer one.
        shares = [1.2 if i == 0 and len(shapes) > 1 and shape in VOWELS else 1.0 for i, shape in enumerate(shapes)]
        edge, total, done = start, sum(shares), 0.0
        for shape, share in zip(shapes, shares, strict=True):
            done += share
            stop = start + round((end - start) * done / total)
            flat.append([shape, edge, stop])
            edge = stop
    out: list[Phone] = []
    edge = 0
    for index, (_, start, end) in enumerate(flat):
        if index + 1 < len(flat):
            end = min(end, flat[index + 1][1])
        if end <= start:
            continue
        if start > edge:
            out.append(Phone(SILENCE, edge, start))
        out.append(Phone(_shape(flat, index), start, end))
        edge = end
    if edge < length:
        out.append(Phone(SILENCE, edge, length))
    return _joined(out)


def _shape(flat: list[list], index: int) -> str:
    """The phone's own symbol, or that of its neighbour where it has no shape of its own."""
    symbol = flat[index][0]
    if symbol not in SHAPELESS:
        return symbol
    for other in (index + 1, index - 1):
        if 0 <= other < len(flat) and flat[other][0] in VOWELS:
            return flat[other][0]
    return "ə"


def _joined(phones: list[Phone]) -> list[Phone]:
    """Neighbouring silences as one."""
    out: list[Phone] = []
    for phone in phones:
        if out and out[-1].symbol == phone.symbol == SILENCE:
            out[-1] = Phone(SILENCE, out[-1].start, phone.end)
        else:
            out.append(phone)
    return out
