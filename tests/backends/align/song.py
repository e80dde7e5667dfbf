"""A song with known times: a spoken take whose vowels are stretched to notes by the vocoder WORLD."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from talkmill.backends.speak.times import VOWELS
from talkmill.model import SAMPLE_RATE, Phoneme, Take, Word

MELODY = (60, 62, 64, 65, 67, 65, 64, 62)
NOTE = 0.55
"""Seconds that a vowel is held."""


def sing(samples: np.ndarray, take: Take, melody: Sequence[int] = MELODY, octave: int = -12) -> tuple[np.ndarray, Take]:
    """`samples` (n,) at 48 kHz with every vowel (of a diphthong the first) held for a note, and the times of the result."""
    import pyworld

    step = 0.005
    x = samples.astype(np.float64)
    f0, t = pyworld.harvest(x, SAMPLE_RATE, frame_period=step * 1000)
    envelope = pyworld.cheaptrick(x, f0, t, SAMPLE_RATE)
    noise = pyworld.d4c(x, f0, t, SAMPLE_RATE)
    source, pitch, places = [], [], {0: 0}
    note = 0
    for index, phone in enumerate(take.phonemes):
        a, b = round(phone.start / SAMPLE_RATE / step), round(phone.end / SAMPLE_RATE / step)
        b = min(b, len(f0))
        vowel = phone.symbol[:1] in VOWELS and not (index and take.phonemes[index - 1].symbol[:1] in VOWELS)
        count = max(b - a, 1) if not vowel else round(NOTE / step)
        places[phone.start] = len(source)
        frames = np.linspace(a, max(b - 1, a), count)
        source += np.rint(frames).astype(int).tolist()
        key = melody[note % len(melody)] + octave
        hertz = 440 * 2 ** ((key - 69) / 12)
        vibrato = 1 + 0.012 * np.sin(2 * np.pi * 5.5 * np.arange(count) * step)
        pitch += [hertz * wave if f0[min(int(f), len(f0) - 1)] > 0 else 0.0 for f, wave in zip(frames, vibrato, strict=True)]
        note += vowel
        places[phone.end] = len(source)
    at = np.minimum(np.array(source), len(f0) - 1)
    out = pyworld.synthesize(np.array(pitch), envelope[at], noise[at], SAMPLE_RATE, step * 1000)

    def moved(sample: int) -> int:
        known = sorted(places)
        return round(np.interp(sample, known, [places[one] for one in known]) * step * SAMPLE_RATE)

    words = tuple(Word(word.text, moved(word.start), moved(word.end)) for word in take.words)
    phones = tuple(Phoneme(phone.symbol, moved(phone.start), moved(phone.end)) for phone in take.phonemes)
    return out.astype(np.float32), Take(len(out), words, phones)
