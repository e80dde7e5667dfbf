"""What of a written text is spoken, and in which pieces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from talkmill.errors import BackendError

LONGEST = 60
"""Words that an engine sees at once; a longer sentence is cut at a comma, or here. Keeps memory bounded."""

_PICTURES = re.compile(
    "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\U000e0020-\U000e007f\ufe00-\ufe0f\u200b-\u200f\u2060\u20e3\u3030\u303d\u3297\u3299\ufeff\ufffd]"
)
_MARKUP = re.compile(r"[*_`~|^\\<>\[\]{}•·]+")
_ENDS = re.compile(r"[.!?…。！？।؟۔]+[\"'”’»)\]]*$")
_ABBREVIATIONS = """
mr mrs ms dr prof st sr sra srta dra ud uds jr vs etc e.g i.e p.ej bzw z.b ca usw mme mlle gen col lt sgt capt approx dept
fig vol a.m p.m
"""
_DOTTED = frozenset(_ABBREVIATIONS.split())
"""Abbreviations (lower case, without their last dot) whose dot ends no sentence."""


def written(text: str) -> tuple[str, ...]:
    """The words of `text` as they are written (NFC, no control characters), punctuation kept.

    `" ".join(written(text))` is the text with each run of white space as one space.
    """
    clean = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", text) if c.isspace() or not _control(c))
    return tuple(clean.split())


def _control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")


_MONEY = re.compile(r"([$€£])(\d[\d,. ]*?)(?:([.,])(\d\d))?(?=\D*$)")
_COINS = {
    "en": {"$": ("dollar", "dollars"), "€": ("euro", "euros"), "£": ("pound", "pounds")},
    "es": {"$": ("dólar", "dólares"), "€": ("euro", "euros"), "£": ("libra", "libras")},
}


def spoken(word: str, language: str = "") -> str:
    """`word` as an engine gets it: no emoji, arrows and mark-up, plain apostrophes; `""` where nothing is left.

    With `language` an amount of money is put in the order in which it is said: "$3.50" is "3 dollars 50" in English, and
    "3.50 $" where the coins' names are not known here (espeak-ng knows the sign).
    """
    if language:
        word = _MONEY.sub(lambda match: _amount(match, _COINS.get(language.split("-")[0])), word)
    said = _MARKUP.sub(" ", _PICTURES.sub(" ", word)).replace("’", "'").replace("‘", "'")
    said = re.sub(r"\s+", " ", said).strip()
    return said[:-1] if abbreviation(said) else said


def _amount(match: re.Match[str], coins: dict[str, tuple[str, str]] | None) -> str:
    sign, whole, point, cents = match.groups()
    if coins is None:
        return f"{whole}{point or ''}{cents or ''} {sign}"
    coin = coins[sign][whole != "1"]
    return f"{whole} {coin} {cents}" if cents and cents != "00" else f"{whole} {coin}"


def abbreviation(word: str) -> bool:
    """Whether the dot at the end of `word` ends no sentence: "Dr.", "e.g.", an initial. Engines would stop there."""
    bare = word.rstrip(".").lstrip("\"'“‘«(¿¡").lower()
    return word.endswith(".") and (bare in _DOTTED or (len(bare) == 1 and bare.isalpha() and word[-2].isupper()))


def speakable(word: str) -> bool:
    """Whether anything in a spoken form can be heard: a letter, a digit, or a sign that is read out."""
    return any(unicodedata.category(c)[0] in "LN" or c in "%&+@#$€£¥=°§" for c in word)


def sentences(words: Sequence[str]) -> list[list[int]]:
    """Indices of `words` (spoken forms), sentence by sentence; words that are not spoken stay with their neighbours."""
    groups: list[list[int]] = [[]]
    for index, word in enumerate(words):
        groups[-1].append(index)
        following = next((other for other in words[index + 1 :] if other), "")
        if following and _ends(word, following):
            groups.append([])
    return [piece for group in groups if group for piece in _cut(group, words)]


def _ends(word: str, following: str) -> bool:
    if not _ENDS.search(word) or abbreviation(word):
        return False
    return not following.lstrip("\"'“‘«(¿¡")[:1].islower()


def _cut(group: list[int], words: Sequence[str]) -> list[list[int]]:
    pieces = []
    while len(group) > LONGEST:
        commas = [place for place in range(LONGEST // 2, LONGEST) if words[group[place]][-1:] in ",;:—–、，；："]
        size = commas[-1] + 1 if commas else LONGEST
        pieces.append(group[:size])
        group = group[size:]
    return [*pieces, group]


def require_speakable(engine: str, text: str, words: Sequence[str]) -> None:
    """Raise unless something in `words` (spoken forms) can be heard.

    Raises:
        BackendError: nothing can.
    """
    if not any(speakable(word) for word in words):
        shown = text if len(text) <= 60 else text[:57] + "..."
        raise BackendError(
            f"speak: {engine}: nothing in the text can be spoken ({shown!r}). Write words, or take the line out of the script."
        )
