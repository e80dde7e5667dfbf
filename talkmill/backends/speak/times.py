"""From an engine's symbols and durations to phonemes and words on exact time.

A neural voice gives a duration to every symbol it is fed, stress marks, spaces and punctuation among them. What of that is
heard as what: a stress mark belongs to the start of the phone after it, a length mark or a diacritic to the phone before
it, a space between two phones to both, or wholly to a following p, b or m (it is the closure), and punctuation and the
sentence's ends are silence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

STRESS = frozenset("ˈˌ'")
LENGTH = frozenset("ːˑ")
TIES = frozenset("͜͡")
EDGES = frozenset("^$_")
WEAK = frozenset('"“”«»()-–')  # punctuation that is hardly a pause
CLOSED = frozenset("pbm")
VOWELS = frozenset("aeiouyæøœɐɑɒɔəɘɚɛɜɝɞɤɨɪɯɵɶʉʊʌʏᵻᵊAIOQWYᵿ")


@dataclass
class Phone:
    """A phone, or a pause (`symbol` is `""`), in samples of the engine's rate."""

    symbol: str
    start: float
    end: float
    word: int | None = None  # index of the written word it belongs to
    apart: bool = False  # the engine put a space or a pause before it


def is_mark(symbol: str) -> bool:
    """Whether `symbol` only colours the phone before it: a diacritic, a modifier letter, a length mark."""
    return (
        symbol in LENGTH
        or unicodedata.category(symbol[0]) in ("Mn", "Sk")
        or (unicodedata.category(symbol[0]) == "Lm" and symbol not in VOWELS and symbol not in STRESS)
    )


def is_gap(symbol: str) -> bool:
    """Whether `symbol` stands between phones: a space, punctuation, an edge of the sentence."""
    return symbol in EDGES or (unicodedata.category(symbol[0])[0] in "PZ" and symbol not in STRESS)


def letters(symbol: str) -> list[str]:
    """An engine's phoneme as IPA letters with their diacritics, without stress, length and tone: "ˈoʊ" is o and ʊ."""
    found: list[str] = []
    for character in unicodedata.normalize("NFD", symbol):
        if character in STRESS or character in LENGTH or character in TIES or unicodedata.category(character)[0] not in "LM":
            continue
        if found and is_mark(character):
            found[-1] += character
        else:
            found.append(character)
    return [unicodedata.normalize("NFC", letter) for letter in found]


def phones(tokens: Sequence[tuple[str, float]], start: float = 0.0) -> list[Phone]:
    """Phones and pauses of one part of an utterance, without holes, from `start` to `start` + the sum of the durations."""
    found: list[Phone] = []
    now = start
    lead: float | None = None  # where the stress marks before a phone began
    gap: list[tuple[str, float, float]] = []
    tied = False
    for symbol, length in tokens:
        begin, now = now, now + length
        if is_gap(symbol):
            gap.append((symbol, begin if lead is None else lead, now))
            lead = None
        elif symbol in STRESS:
            lead = begin if lead is None else lead
        elif symbol in TIES and found:
            found[-1].symbol += symbol
            found[-1].end = now
            tied = True
        elif found and not gap and lead is None and (tied or is_mark(symbol)):
            tied = False
            found[-1].symbol += "" if symbol in LENGTH else symbol
            found[-1].end = now
        else:
            phone = Phone(symbol, begin if lead is None else lead, now)
            phone.apart = bool(gap) or not found
            _bridge(found, phone, gap)
            found.append(phone)
            gap, lead = [], None
    if lead is not None:
        gap.append(("'", lead, now))
    _bridge(found, None, gap)
    for phone in found:
        phone.symbol = unicodedata.normalize("NFC", phone.symbol)
    return [phone for phone in found if phone.end > phone.start]


def _bridge(found: list[Phone], phone: Phone | None, gap: list[tuple[str, float, float]]) -> None:
    """Give the time of `gap` to its neighbours, or make it a pause."""
    if not gap:
        return
    begin, end = gap[0][1], gap[-1][2]
    pause = any(symbol != " " and symbol not in WEAK for symbol, _, _ in gap)
    if pause or not found or phone is None or found[-1].symbol == "":
        found.append(Phone("", begin, end))
    elif phone.symbol[0] in CLOSED:
        phone.start = begin
    else:
        found[-1].end = phone.start = (begin + end) / 2


def assign(spoken: Sequence[Phone], words: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Set each phone's `word`: align what was spoken with what each word is when it is spoken alone.

    Engines join words ("of the") and read one written word as several ("2026"); the cheapest alignment of the two phone
    strings, in which words' boundaries like to fall on heard boundaries, is right for both.

    Args:
        spoken: phones and pauses of one sentence.
        words: (index, symbols of the word spoken alone), in order.
    """
    heard: list[tuple[str, int]] = []  # symbol or "|", place in `spoken`
    for place, phone in enumerate(spoken):
        if (phone.apart or not phone.symbol) and heard and heard[-1][0] != "|":
            heard.append(("|", -1))
        if phone.symbol:
            heard.append((phone.symbol[0], place))
    expected: list[tuple[str, int]] = []
    for index, symbols in words:
        if expected and expected[-1][0] != "|":
            expected.append(("|", -1))
        for symbol in symbols:
            if is_gap(symbol):
                if expected and expected[-1][0] != "|":
                    expected.append(("|", index))
            elif symbol not in STRESS and symbol not in TIES and not is_mark(symbol):
                expected.append((symbol[0], index))
    pairs = _align([symbol for symbol, _ in heard], [symbol for symbol, _ in expected])
    for mine, other in pairs:
        if heard[mine][1] >= 0 and expected[other][1] >= 0:
            spoken[heard[mine][1]].word = expected[other][1]
    _fill(spoken)


def _fill(spoken: Sequence[Phone]) -> None:
    """Phones that matched nothing go with the nearest matched phone of their own spoken word, else with the one before."""
    runs: list[list[Phone]] = []
    for phone in spoken:
        if not phone.symbol:
            continue
        if phone.apart or not runs:
            runs.append([])
        runs[-1].append(phone)
    last: int | None = None
    for run in runs:
        known = [phone.word for phone in run if phone.word is not None]
        current = known[0] if known else last
        for phone in run:
            current = phone.word = current if phone.word is None else phone.word
        last = current
    ahead = next((phone.word for phone in spoken if phone.word is not None), None)
    for phone in spoken:
        if phone.symbol and phone.word is None:
            phone.word = ahead


def _cost(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if "|" in (one, other):
        return 9.0
    if (one in VOWELS) != (other in VOWELS):
        return 1.7
    return 0.5 if one in VOWELS else 0.9


def _align(heard: list[str], expected: list[str]) -> list[tuple[int, int]]:
    """Pairs (place in `heard`, place in `expected`) of the cheapest global alignment (Needleman and Wunsch 1970)."""
    skip_heard = [0.35 if symbol == "|" else 1.0 for symbol in heard]
    skip_expected = [0.35 if symbol == "|" else 1.0 for symbol in expected]
    row = [0.0]
    for cost in skip_expected:
        row.append(row[-1] + cost)
    moves: list[bytearray] = []
    for i, symbol in enumerate(heard):
        above, row = row, [row[0] + skip_heard[i]]
        move = bytearray(len(expected) + 1)
        for j, other in enumerate(expected):
            best, way = above[j] + _cost(symbol, other), 0
            if above[j + 1] + skip_heard[i] < best:
                best, way = above[j + 1] + skip_heard[i], 1
            if row[j] + skip_expected[j] < best:
                best, way = row[j] + skip_expected[j], 2
            row.append(best)
            move[j + 1] = way
        moves.append(move)
    pairs = []
    i, j = len(heard), len(expected)
    while i and j:
        way = moves[i - 1][j]
        if way == 0:
            pairs.append((i - 1, j - 1))
        i -= way != 2
        j -= way != 1
    return pairs[::-1]
