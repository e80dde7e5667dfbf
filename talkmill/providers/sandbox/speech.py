"""Speech for the sandbox: espeak-ng, as a process of its own, with the time of every character of the text."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import talkmill

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROGRAM = Path(talkmill.__file__).parent / "backends" / "speak" / "engines" / "espeak_worker.py"
"""The engine's program: it imports nothing of Talkmill, and is started, not imported."""

PACE = 165
RATE = 22_050
TONE = 0.07
"""Seconds a character of a text in which nothing can be spoken."""

COMMON = {
    "en": "the and is of to in that it you for we a i this my",
    "es": "el la de que y en los las un una es por con del hoy muy",
    "fr": "le la les de et des est un une dans que pour je vous nous",
    "de": "der die das und ist ein eine nicht ich zu wir mit auf den",
    "it": "il la che di e un una per non sono con del gli",
    "pt": "o a de que e do da um uma os as não para com em",
}
"""Frequent words, by which the language of a text is guessed: the services do it by ear."""


@dataclass(frozen=True)
class Spoken:
    """A text, spoken."""

    samples: NDArray[np.float32]  # (n,) at RATE
    starts: tuple[float, ...]  # seconds, one a character of the text
    ends: tuple[float, ...]


def language(text: str) -> str:
    """The language that a text is most likely in; English where nothing tells."""
    words = re.findall(r"\w+", text.lower())
    counts = {name: sum(word in listed.split() for word in words) for name, listed in COMMON.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "en"


def speak(text: str, tag: str, voice: str, pace: float = 1.0) -> Spoken:
    """Speak `text` in the language `tag`; `voice` (any word) decides who speaks, always in the same way.

    A text without anything to say is a tone, as long as it has characters.
    """
    number = sum(place * ord(letter) for place, letter in enumerate(voice, 1))
    variant = ("f1", "f2", "f3", "f4", "m1", "m2", "m3", "m4")[number % 8]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sound.raw"
        question = {
            "names": {"en": "en-us", "zh": "cmn", "no": "nb", "tl": "fil"},
            "text": text,
            "out": str(out),
            "rate": round(PACE * pace),
            "pitch": 35 + number % 40,
        }
        answer = _ask({**question, "voice": f"{tag}+{variant}"})
        if "error" in answer:
            answer = _ask({**question, "voice": f"en+{variant}"})
        raw = out.read_bytes() if out.exists() else b""
    if "error" in answer or not any(symbol for symbol, _ in answer["phonemes"]):
        return _tone(text)
    import numpy as np

    samples = np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(32768)
    starts, ends = characters(text, answer["words"], answer["phonemes"], len(samples))
    return Spoken(samples, tuple(at / RATE for at in starts), tuple(at / RATE for at in ends))


def _ask(question: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(PROGRAM)],
        input=json.dumps(question).encode() + b"\n",
        capture_output=True,
        timeout=120,
        check=False,
    )
    if done.returncode or not done.stdout.strip():
        return {"error": "the engine stopped"}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def characters(
    text: str, words: Sequence[tuple[int, int]], phonemes: Sequence[tuple[str, int]], samples: int
) -> tuple[list[float], list[float]]:
    """When each character starts and ends, in samples: the letters of a word share its time evenly, what stands between two
    words has the pause."""
    marks: list[tuple[int, int]] = []  # character, sample
    for place, sample in words:
        place = min(max(place, 0), len(text))
        if not marks or (place > marks[-1][0] and sample >= marks[-1][1]):
            marks.append((place, min(sample, samples)))
    silences = [
        (sample, phonemes[n + 1][1] if n + 1 < len(phonemes) else samples)
        for n, (symbol, sample) in enumerate(phonemes)
        if not symbol
    ]
    starts, ends = [0.0] * len(text), [0.0] * len(text)
    first = marks[0] if marks else (0, 0)
    _spread(starts, ends, 0, first[0], 0, first[1])
    for n, (place, sample) in enumerate(marks):
        after, until = marks[n + 1] if n + 1 < len(marks) else (len(text), samples)
        core = len(text[place:after].rstrip()) + place
        while core > place + 1 and not text[core - 1].isalnum():
            core -= 1
        pause = next((begin for begin, _ in silences if sample < begin <= until), until)
        _spread(starts, ends, place, core, sample, pause)
        _spread(starts, ends, core, after, pause, until)
    return starts, ends


def _spread(starts: list[float], ends: list[float], first: int, last: int, begin: float, end: float) -> None:
    for n in range(first, last):
        starts[n] = begin + (end - begin) * (n - first) / (last - first)
        ends[n] = begin + (end - begin) * (n + 1 - first) / (last - first)


def _tone(text: str) -> Spoken:
    import numpy as np

    count = max(len(text), 1)
    samples = 0.2 * np.sin(np.arange(round(count * TONE * RATE)) * (2 * np.pi * 220 / RATE))
    edges = [n * TONE for n in range(count + 1)]
    return Spoken(samples.astype(np.float32), tuple(edges[: len(text)]), tuple(edges[1 : len(text) + 1]))
