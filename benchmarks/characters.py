"""Phonemes from the times of characters, against the voices' own times: `python -m benchmarks.characters`.

The characters' times are faked from a voice's own words: the letters of a word share its time evenly, its edges are moved at
random (a normal distribution) and all of them by a constant, as a codec's delay does. `mixed` is what Talkmill does,
`proportions` is espeak-ng's phonemes spread over each word. Errors in ms: starts of phonemes, and middles of p, b and m.
"""

from __future__ import annotations

import difflib
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alignment import SENTENCES, VOICES
from talkmill import backends
from talkmill.backends.speak import characters
from talkmill.backends.speak.times import Phone
from talkmill.media import sound
from talkmill.model import SAMPLE_RATE, Take

CASES = ((0.012, 0.0), (0.030, 0.0), (0.012, 0.050))
"""Seconds of noise, and of delay."""
EACH = 4
"""Sentences of each language and voice."""


def faked(take: Take, line: characters.Sent, noise: float, delay: float, seed: int) -> dict[str, list[Any]]:
    """Character times as a provider tells them."""
    chance = random.Random(seed)  # noqa: S311 (repeatable)
    edges: list[tuple[float, float]] = []
    now = 0.0
    for word in take.words:
        start = max(word.start / SAMPLE_RATE + chance.gauss(0, noise) + delay, now)
        now = max(word.end / SAMPLE_RATE + chance.gauss(0, noise) + delay, start + 0.03)
        edges.append((start, now))
    told: dict[str, list[Any]] = {"characters": [], "character_start_times_seconds": [], "character_end_times_seconds": []}
    for index, (word, (start, end)) in enumerate(zip(line.words, edges, strict=True)):
        core = len(word.rstrip(".,;:!?"))
        at = [start + (end - start) * min(n / core, 1) for n in range(len(word) + 1)]
        cells = list(zip(word, at[:-1], at[1:], strict=True))
        if index + 1 < len(edges):
            cells.append((" ", end, edges[index + 1][0]))
        for name, values in zip(told, zip(*cells, strict=True), strict=True):
            told[name] += values
    return told


def errors(found: Sequence[Phone], take: Take) -> tuple[list[float], list[float]]:
    """Of the starts of the phonemes that both have, and of the middles of those with shut lips; ms."""
    true = [phone for phone in take.phonemes if phone.symbol]
    matcher = difflib.SequenceMatcher(None, [p.symbol[0] for p in found], [p.symbol[0] for p in true], autojunk=False)
    starts, lips = [], []
    for block in matcher.get_matching_blocks():
        for n in range(block.size):
            mine, theirs = found[block.a + n], true[block.b + n]
            starts.append(abs(mine.start - theirs.start / SAMPLE_RATE) * 1000)
            if theirs.symbol[0] in "pbm":
                lips.append(abs(mine.start + mine.end - (theirs.start + theirs.end) / SAMPLE_RATE) * 500)
    return starts, lips


def spoken() -> Iterator[tuple[str, str, str, Path, Take]]:
    """(voice, language, text, sound, its own times) of every neural voice and sentence."""
    for language, voices in VOICES.items():
        for name, options in voices:
            if name == "espeak":  # the reference is espeak-ng's: its own speech would flatter it
                continue
            backend = backends.load("speak", name)
            for text in SENTENCES[language][:EACH]:
                with tempfile.TemporaryDirectory() as folder:
                    made = backend.run({"text": text, "language": language, "seed": 5, **options}, {}, Path(folder))
                    take = Take.from_json(json.loads(made.files["times"].read_bytes()))
                    yield name, language, text, made.files["sound"], take


def table() -> dict[str, str]:
    """Median and 90th percentile by way, noise and delay."""
    rows: dict[str, tuple[list[float], list[float]]] = {}
    for number, (_, language, text, path, take) in enumerate(spoken()):
        samples, rate = sound.read(path)
        line = characters.sent(text, {}, False)
        reference = characters.reworded(line, language)
        heard = characters.heard(sound.resample(samples[:, 0], rate, sound.MODEL_RATE), reference)
        for noise, delay in CASES:
            told = characters.spans(line, faked(take, line, noise, delay, number), len(samples) / rate)
            for way, aligned in (("mixed", heard), ("proportions", [])):
                starts, lips = errors(characters.phones(line, told, reference, aligned), take)
                row = rows.setdefault(f"{way}, noise {noise * 1000:.0f}, delay {delay * 1000:.0f}", ([], []))
                row[0].extend(starts)
                row[1].extend(lips)
    return {name: f"starts {_shown(one)} of {len(one)}; lips {_shown(two)} of {len(two)}" for name, (one, two) in rows.items()}


def _shown(values: Sequence[float]) -> str:
    return f"{np.median(values):.0f} / {np.percentile(values, 90):.0f}"


if __name__ == "__main__":
    for label, value in table().items():
        print(f"{label:36} {value}")
