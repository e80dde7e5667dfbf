"""Words become pieces: the smallest things that a line can break between."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from talkmill.backends.caption.cues import CUT, OPENERS, Piece
from talkmill.backends.caption.lines import length

LONGEST = 24
"""Characters of the longest piece; a longer word (a web address, a chemical) is cut."""

MODELS = {
    "ja": "load_default_japanese_parser",
    "th": "load_default_thai_parser",
    "zh": "load_default_simplified_chinese_parser",
}


def of(words: Sequence[Sequence[Any]], language: str) -> list[Piece]:
    """Pieces of the request's words [[text, start, end, utterance]]; a cut word's time is shared by its characters."""
    pieces: list[Piece] = []
    for text, start, end, utterance in words:
        clean = unicodedata.normalize("NFC", " ".join(str(text).replace(CUT, "").split()))
        if not clean:
            continue
        if (
            pieces
            and pieces[-1].utterance == utterance
            and not any(letter.isalnum() for letter in clean)
            and clean[0] not in OPENERS
        ):
            # A mark that stands alone (a dash, an ellipsis) is never alone on a line.
            before = pieces[-1]
            pieces[-1] = Piece(f"{before.text} {clean}", before.start, max(before.end, end), utterance, before.glued)
            continue
        parts = _parts(clean, language)
        total = sum(len(part) for part in parts) or 1
        done = 0
        for index, part in enumerate(parts):
            a = start + (end - start) * done // total
            done += len(part)
            b = start + (end - start) * done // total
            pieces.append(Piece(part, a, b, utterance, index > 0))
    return pieces


def _parts(word: str, language: str) -> list[str]:
    """A word in parts of at most `LONGEST` characters; text without spaces is cut between its phrases."""
    parts = [word]
    if any(_spaceless(letter) for letter in word):
        parser = _parser(language.split("-")[0], language)
        parts = parser.parse(word) if parser else _letters(word)
    limit = 10 if len(parts) > 1 or any(_spaceless(letter) for letter in word) else LONGEST
    return [piece for part in parts for piece in _cut(part, limit)]


def _cut(part: str, limit: int) -> list[str]:
    """Even cuts of a part that is too long, never before a mark that sits on the letter before it."""
    if len(part) <= limit and length(part) <= 2 * limit:
        return [part]
    count = -(-len(part) // limit)
    cuts = [0]
    for index in range(1, count):
        at = len(part) * index // count
        while at < len(part) and (unicodedata.category(part[at]).startswith("M") or not part[at].isalnum()):
            at += 1
        if cuts[-1] < at < len(part) - 1:
            cuts.append(at)
    bits = [part[a:b] for a, b in zip(cuts, [*cuts[1:], len(part)], strict=True)]
    return [bit + CUT if _hyphened(bit, following) else bit for bit, following in zip(bits, [*bits[1:], ""], strict=True)]


def _hyphened(bit: str, following: str) -> bool:
    """Whether a cut between the two is inside a word that takes a hyphen there."""
    return bit[-1:].isalpha() and following[:1].isalpha() and not _spaceless(bit[-1])


def _letters(word: str) -> list[str]:
    """Character by character, marks kept with what they follow (Korean words keep their spaces and do not come here)."""
    parts: list[str] = []
    for letter in word:
        if parts and (
            not letter.isalnum()
            or unicodedata.category(letter).startswith("M")
            or (not _spaceless(letter) and not _spaceless(parts[-1][-1]))
        ):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _spaceless(letter: str) -> bool:
    """Whether the character is of a script that writes no spaces between words."""
    code = ord(letter)
    return 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0x20000 <= code <= 0x3FFFF or 0x0E00 <= code <= 0x0EFF


@cache
def _parser(language: str, tag: str) -> Any:
    """budoux's phrase finder of that language, or None."""
    import budoux

    if language == "zh" and any(part in ("Hant", "TW", "HK", "MO") for part in tag.split("-")):
        return budoux.load_default_traditional_chinese_parser()
    name = MODELS.get(language)
    return getattr(budoux, name)() if name else None
