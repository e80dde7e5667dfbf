"""From IPA to the phones of pocketsphinx's English model, and back."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

PAIRS = {
    "aɪ": "AY",
    "aʊ": "AW",
    "eɪ": "EY",
    "oʊ": "OW",
    "əʊ": "OW",
    "ɔɪ": "OY",
    "tʃ": "CH",
    "dʒ": "JH",
    "tɕ": "CH",
    "dʑ": "JH",
    "ɜɹ": "ER",
    "əɹ": "ER",
    "tʂ": "CH",
    "dʐ": "JH",
}
"""Two IPA letters that are one phone."""

VOWELS = {
    **dict.fromkeys("iyɨʏ", "IY"),
    **dict.fromkeys("ɪᵻ", "IH"),
    **dict.fromkeys("eø", "EY"),
    **dict.fromkeys("ɛœɘ", "EH"),
    **dict.fromkeys("æ", "AE"),
    **dict.fromkeys("aɑɒɐɶ", "AA"),
    **dict.fromkeys("ʌəɤɞ", "AH"),
    **dict.fromkeys("ɔ", "AO"),
    **dict.fromkeys("oɵ", "OW"),
    **dict.fromkeys("uɯʉ", "UW"),
    **dict.fromkeys("ʊᵿ", "UH"),
    **dict.fromkeys("ɚɝɜ", "ER"),
}
CONSONANTS = {
    **dict.fromkeys("pƥ", "P"),
    **dict.fromkeys("bɓʙ", "B"),
    **dict.fromkeys("tʈ", "T"),
    **dict.fromkeys("dɖɗ", "D"),
    **dict.fromkeys("kcqʡʔ", "K"),
    **dict.fromkeys("ɡgɟɢɠʛʄ", "G"),
    **dict.fromkeys("mɱ", "M"),
    **dict.fromkeys("nɲɳ", "N"),
    **dict.fromkeys("ŋɴ", "NG"),
    **dict.fromkeys("fɸ", "F"),
    **dict.fromkeys("vβʋⱱ", "V"),
    **dict.fromkeys("θ", "TH"),
    **dict.fromkeys("ð", "DH"),
    **dict.fromkeys("sɬ", "S"),
    **dict.fromkeys("zɮ", "Z"),
    **dict.fromkeys("ʃɕʂç", "SH"),
    **dict.fromkeys("ʒʑʐʝ", "ZH"),
    **dict.fromkeys("hɦxχħʕɣʜʢɧ", "HH"),
    **dict.fromkeys("lɫɭʎʟɺ", "L"),
    **dict.fromkeys("rɹɻʀʁɽ", "R"),
    **dict.fromkeys("ɾ", "D"),
    **dict.fromkeys("jɥ", "Y"),
    **dict.fromkeys("wʍɰ", "W"),
}
SINGLES = {**VOWELS, **CONSONANTS}
"""One IPA letter, and the English phone that sounds most like it."""


def base(symbol: str) -> str:
    """The first letter of a symbol, without marks."""
    bare = [
        c
        for c in unicodedata.normalize("NFD", symbol.replace("ç", "\ue000"))
        if unicodedata.category(c) not in ("Mn", "Lm", "Sk")
    ]
    return (bare[0] if bare else "").replace("\ue000", "ç")


def pronounced(symbols: Sequence[str]) -> list[tuple[str, int]]:
    """The phones that a word's IPA letters are, each with how many of the letters it takes.

    A letter without a phone goes with the one before it, at the front with the one after it.
    """
    found: list[tuple[str, int]] = []
    letters = [base(symbol) for symbol in symbols]
    waiting = 0
    at = 0
    while at < len(letters):
        pair = "".join(letters[at : at + 2])
        size = 2 if pair in PAIRS else 1
        phone = PAIRS.get(pair) or SINGLES.get(letters[at])
        at += size
        if phone:
            found.append((phone, size + waiting))
            waiting = 0
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + size)
        else:
            waiting += size
    return found
