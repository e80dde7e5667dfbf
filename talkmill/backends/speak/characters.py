"""From the times of a text's characters, as a provider tells them, to words and phonemes.

Which characters are sent, and which written word each belongs to, is known (`Sent`); what they tell is when each word is
said. Where the phonemes lie within a word is heard: pocketsphinx aligns the whole line, and a word that it puts elsewhere
than the characters do gets its phonemes by espeak-ng's proportions within the characters' time.

Measured against the times that three neural voices know of themselves, in five languages (`benchmarks/characters.py`, 2259
phonemes; character times with 12 ms of noise): starts of phonemes are off by 15 ms (median; 9 in 10 under 52), against 18
and 63 by proportions alone, and the middles of p, b and m by 10 ms (9 in 10 under 28), against 18 and 42. With 30 ms of
noise it is 17 and 59 against 27 and 70; where all characters are 50 ms late, as behind a codec, 28 and 79 against 50 and
87.
"""

from __future__ import annotations

import copy
import difflib
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from talkmill.backends.speak import text
from talkmill.backends.speak.times import Phone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from talkmill.backends.align.reference import Reference

TAG = re.compile(r"\[[^\[\]]{1,80}\]")
"""A direction in the text, like "[whispers]"."""

ALIKE = 0.8
"""Share of the sent characters that the answer must name, in order, for its times to be believed."""

BEYOND = 0.25
"""Seconds by which a character may end after the sound does: the sound is cut at the codec's frames."""

NEAR = 0.08
"""Seconds by which pocketsphinx may put a word's edges elsewhere than the characters do (the end: twice as many)."""

SHORTEST = 0.02
"""Seconds that a spoken word lasts at least."""


class Unusable(Exception):
    """The answer's character times do not fit the text or the sound."""


@dataclass(frozen=True)
class Sent:
    """A line as it is sent."""

    text: str
    words: tuple[str, ...]  # as they are written, without directions
    said: tuple[str, ...]  # each as it is sent; "": it is not
    owners: tuple[int | None, ...]  # for each character of `text`, its word; None: a space, or part of a direction


def sent(line: str, pronunciation: Mapping[str, str], directions: bool) -> Sent:
    """What is sent of a line.

    Args:
        line: as the user wrote it.
        pronunciation: written word (any case, without punctuation) -> how it is spelt when it is said.
        directions: whether the model knows them; otherwise brackets are punctuation.
    """
    respelt = {word.casefold(): said for word, said in pronunciation.items()}
    words: list[str] = []
    said: list[str] = []
    pieces: list[tuple[str, int | None]] = []
    place = 0
    for match in [*TAG.finditer(line), None] if directions else [None]:
        for word in text.written(line[place : match.start() if match else len(line)]):
            form = _respelt(text.spoken(word) + ("." if text.abbreviation(word) else ""), respelt)
            if form:
                pieces.append((form, len(words)))
            words.append(word)
            said.append(form)
        if match:
            pieces.append((" ".join(match[0].split()), None))
            place = match.end()
    owners: list[int | None] = []
    for piece, owner in pieces:
        owners += [*([None] if owners else []), *[owner] * len(piece)]
    return Sent(" ".join(piece for piece, _ in pieces), tuple(words), tuple(said), tuple(owners))


def _respelt(form: str, respelt: Mapping[str, str]) -> str:
    if not respelt:
        return form
    bare = re.match(r"^(\W*)(.*?)(\W*)$", form, re.DOTALL)
    front, core, back = bare.groups() if bare else ("", form, "")
    for ending in ("'s", ""):
        if core.casefold().endswith(ending) and (found := respelt.get(core[: len(core) - len(ending)].casefold())):
            return f"{front}{found}{ending}{back}"
    return form


def spans(line: Sent, alignment: Mapping[str, Any], seconds: float) -> dict[int, tuple[float, float]]:
    """When each word is said, in seconds: from its first letter's start to its last letter's end.

    Args:
        line: what was sent.
        alignment: `characters`, `character_start_times_seconds`, `character_end_times_seconds`.
        seconds: length of the sound.

    Raises:
        Unusable: the lists do not fit each other, the text or the sound.
    """
    characters = list(alignment.get("characters") or ())
    starts = list(alignment.get("character_start_times_seconds") or ())
    ends = list(alignment.get("character_end_times_seconds") or ())
    if not characters or not len(characters) == len(starts) == len(ends):
        raise Unusable(f"{len(characters)} characters, {len(starts)} starts, {len(ends)} ends")
    if not all(isinstance(one, str) for one in characters) or not all(isinstance(at, int | float) for at in [*starts, *ends]):
        raise Unusable("what should be text and numbers is something else")
    found: dict[int, list[tuple[float, float, bool]]] = {}
    now = 0.0
    for place, owner in _owners(line, characters):
        start, end = float(starts[place]), float(ends[place])
        if owner is None:
            continue
        if not (math.isfinite(start) and math.isfinite(end)) or start < 0 or end < start or end > seconds + BEYOND:
            raise Unusable(f"character {place} lasts from {start} to {end} s of {seconds:.2f} s")
        if start < now - NEAR:
            raise Unusable(f"character {place} starts at {start} s, before the one before it ({now} s)")
        now = max(now, start)
        found.setdefault(owner, []).append((start, end, characters[place][-1:].isalnum()))
    missing = [line.words[n] for n, form in enumerate(line.said) if text.speakable(form) and n not in found]
    if missing:
        raise Unusable(f"no times for {missing[0]!r}")
    told: dict[int, tuple[float, float]] = {}
    now = 0.0
    for word in sorted(found):
        letters = [cell for cell in found[word] if cell[2]] or found[word]
        start = min(max(letters[0][0], now), seconds)
        now = min(max(letters[-1][1], start + SHORTEST), seconds)
        told[word] = (start, now)
    return told


def _owners(line: Sent, characters: Sequence[str]) -> list[tuple[int, int | None]]:
    """(place in the answer, word), for the answer's characters that are in the sent text."""
    joined = "".join(characters)
    place_of = [place for place, character in enumerate(characters) for _ in character]
    if joined == line.text:
        return [(place, line.owners[at]) for at, place in enumerate(place_of)]
    matcher = difflib.SequenceMatcher(None, joined, line.text, autojunk=False)
    blocks = matcher.get_matching_blocks()
    if sum(block.size for block in blocks) < ALIKE * max(len(line.text), 1):
        raise Unusable(f"they spell another text ({joined[:60]!r})")
    return [(place_of[block.a + at], line.owners[block.b + at]) for block in blocks for at in range(block.size)]


def phones(line: Sent, told: Mapping[int, tuple[float, float]], spoken: Reference, heard: Sequence[Phone]) -> list[Phone]:
    """The phones of a line, in seconds, pauses left out.

    Args:
        line: what was sent.
        told: when each word is said (`spans`).
        spoken: the text as espeak-ng speaks it, with the words of `line` (`reworded`).
        heard: the same phones as they were aligned, in seconds; none: they were not.
    """
    by_word = {word: [phone for phone in spoken.phones if phone.symbol and phone.word == word] for word in told}
    aligned = {word: [phone for phone in heard if phone.symbol and phone.word == word] for word in told}
    found: list[Phone] = []
    now = 0.0
    for word, (start, end) in sorted(told.items()):
        parts, mine = by_word[word], aligned[word]
        near = mine and abs(mine[0].start - start) <= NEAR and abs(mine[-1].end - end) <= 2 * NEAR
        if near and mine[0].start >= now - NEAR / 2:
            spread = [Phone(phone.symbol, max(phone.start, now), max(phone.end, now), word) for phone in mine]
        else:
            start = max(start, now)
            end = max(end, start + SHORTEST)
            total = sum(phone.end - phone.start for phone in parts)
            edges = [start, *(start + (end - start) * sofar / total for sofar in itertools.accumulate(_lengths(parts)))]
            spread = [Phone(p.symbol, a, b, word) for p, (a, b) in zip(parts, itertools.pairwise(edges), strict=True)]
        found += [phone for phone in spread if phone.end > phone.start]
        now = found[-1].end if found else now
    return found


def _lengths(parts: Sequence[Phone]) -> list[float]:
    return [phone.end - phone.start for phone in parts]


def whole(found: Sequence[Phone], rate: int, samples: int) -> list[Phone]:
    """`found` (seconds, in order) as phones and pauses without holes, in samples of a sound of so many samples at `rate`."""
    out: list[Phone] = []
    now = 0.0
    for phone in found:
        start, end = min(max(phone.start * rate, now), samples), min(phone.end * rate, samples)
        if end <= start:
            continue
        if start > now:
            out.append(Phone("", now, start))
        out.append(Phone(phone.symbol, start, end, phone.word))
        now = end
    if now < samples:
        out.append(Phone("", now, samples))
    return out


def reworded(line: Sent, language: str) -> Reference:
    """The line as espeak-ng speaks it, each phone with its word of `line` (a respelling may be several words).

    Raises:
        BackendError: espeak-ng does not know the language, or nothing can be spoken.
    """
    from talkmill.backends.align.reference import reference

    forms = [form if text.speakable(form) else "" for form in line.said]
    owners = [index for index, form in enumerate(forms) for _ in text.written(form)]
    found = reference(" ".join(form for form in forms if form), language)
    moved = [
        Phone(phone.symbol, phone.start, phone.end, None if phone.word is None else owners[phone.word], phone.apart)
        for phone in found.phones
    ]
    return replace(found, words=line.words, phones=moved)


def heard(samples: NDArray[np.float32], spoken: Reference) -> list[Phone]:
    """The phones of `samples` (n,) at 16 kHz by pocketsphinx, in seconds; none where it finds no way through."""
    import numpy as np

    from talkmill.backends.align import aligning, sphinx
    from talkmill.media import sound

    pad = round(aligning.PAD * sound.MODEL_RATE)
    try:
        found = sphinx.align(np.pad(samples.astype(np.float32), pad), copy.deepcopy(spoken))
    except sphinx.Refused:
        return []
    rate, limit = sound.MODEL_RATE, len(samples) / sound.MODEL_RATE
    for phone in found:
        phone.start = min(max(phone.start / rate - aligning.PAD, 0.0), limit)
        phone.end = min(max(phone.end / rate - aligning.PAD, 0.0), limit)
    return found
