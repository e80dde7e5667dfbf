"""Sings Pip's line and plays what lies under it: `python schedules/songs/sing.py` writes the two files beside this one.

Joe (CC0) speaks the line; the vocoder WORLD holds its vowels for as long as their notes last, on the notes' pitch. The band is
four plucked chords. Both are CC0 1.0.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from talkmill.backends import load
from talkmill.backends.speak.times import VOWELS
from talkmill.media import ffmpeg, sound
from talkmill.model import SAMPLE_RATE, Take

HERE = Path(__file__).parent
TEXT = "Warm nose, warm paws, good night, little fox."
BEAT = 0.6
TUNE = ((67, 1), (64, 2), (67, 1), (64, 2), (65, 1), (62, 2), (64, 0.5), (62, 0.5), (60, 3))
"""A note a syllable: MIDI key and beats."""
CHORDS = ((48, 55, 64), (48, 57, 64), (53, 57, 65), (55, 59, 62), (48, 55, 60))
STEP = 0.005
FORMANT = 1.12
"""A small fox has a short throat."""


def sing(samples: np.ndarray, take: Take) -> tuple[np.ndarray, list[float]]:
    """The line, sung: float32 at 48 kHz, and where its notes begin in seconds."""
    import pyworld

    x = samples.astype(np.float64)
    f0, times = pyworld.harvest(x, SAMPLE_RATE, frame_period=STEP * 1000)
    for phone in take.phonemes:
        if phone.symbol[:1] in VOWELS:  # a creaking voice has no pitch that is found, and its vowels would rattle
            part = slice(*(round(edge / SAMPLE_RATE / STEP) for edge in (phone.start, phone.end)))
            f0[part] = np.where(f0[part] > 0, f0[part], np.median(f0[f0 > 0]))
    envelope, noise = (analyse(x, f0, times, SAMPLE_RATE) for analyse in (pyworld.cheaptrick, pyworld.d4c))
    source, pitch, held, onsets = [], [], [], []
    key, owed = TUNE[0][0], 0.0
    for index, phone in enumerate(take.phonemes):
        first, last = (min(round(edge / SAMPLE_RATE / STEP), len(f0) - 1) for edge in (phone.start, phone.end))
        vowel = phone.symbol[:1] in VOWELS
        head = vowel and not (index and take.phonemes[index - 1].symbol[:1] in VOWELS)
        count = max(last - first, 1)
        if not phone.symbol and index:
            count = min(count, round(0.08 / STEP))
        if head:
            key, beats = TUNE[len(onsets)]
            onsets.append(len(source) * STEP)
            count = max(count, round((beats * BEAT - owed) / STEP) - 24)
        clear = np.flatnonzero(f0[first:last] > 0) + first  # a voice that dies away is not what is held
        if vowel and len(clear):
            first, last = clear[0], clear[-1] + 1
        source += np.rint(np.linspace(first, max(last - 1, first), count)).astype(int).tolist()
        pitch += [440 * 2 ** ((key - 12 - 69) / 12)] * count
        held += [vowel] * count
    at, sung = np.array(source), np.array(held)
    smooth = np.hanning(17) / np.hanning(17).sum()
    glide = np.exp(np.convolve(np.pad(np.log(pitch), 8, mode="edge"), smooth, mode="valid"))
    glide *= 1 + 0.010 * np.sin(2 * np.pi * 5.2 * np.arange(len(glide)) * STEP)
    bins = np.arange(envelope.shape[1])
    even = np.stack([np.convolve(row, np.ones(9) / 9, mode="same") for row in np.log(envelope.T)]).T
    shifted = np.exp(np.stack([np.interp(bins / FORMANT, bins, row) for row in even[at]]))
    breath = np.where(sung[:, None], np.minimum(noise[at], 0.35), noise[at])
    made = pyworld.synthesize(np.where(sung | (f0[at] > 0), glide, 0.0), shifted, breath, SAMPLE_RATE, STEP * 1000)
    return (0.7 * made / np.abs(made).max()).astype(np.float32), onsets


def band(onsets: list[float], seconds: float) -> np.ndarray:
    """Plucked chords on the strong beats, and their echo: float32 at 48 kHz, stereo."""
    made = np.zeros((round(seconds * SAMPLE_RATE), 2))
    random = np.random.default_rng(1)
    starts = [onsets[0], onsets[2], onsets[4], onsets[6], onsets[8]]
    for start, chord in zip(starts, CHORDS, strict=True):
        for number, key in enumerate(chord):
            hertz = 440 * 2 ** ((key - 69) / 12)
            begin = round((start + 0.05 * number) * SAMPLE_RATE)
            clock = np.arange(len(made) - begin) / SAMPLE_RATE
            tone = sum(
                np.sin(2 * np.pi * hertz * part * clock + random.random()) * np.exp(-clock * (1.1 + 0.8 * part)) / part**1.3
                for part in range(1, 9)
            )
            pan = 0.3 + 0.4 * number / 2
            made[begin:] += tone[:, None] * np.array([1 - pan, pan])
    return (0.5 * made / np.abs(made).max()).astype(np.float32)


def main() -> None:
    """Write warm-paws.m4a and warm-paws-band.m4a."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        request = {"text": TEXT, "language": "en", "model": "joe", "seed": 1, "effects": {"pace": 0.9}}
        (work / "take").mkdir()
        joe = load("speak", "piper")
        made = joe.run(request, {}, work / "take").files
        joe.close()
        samples, _ = sound.read(made["sound"])
        voice, onsets = sing(samples[:, 0], Take.from_json(json.loads(made["times"].read_text())))
        for name, wave in (("warm-paws", voice[:, None]), ("warm-paws-band", band(onsets, len(voice) / SAMPLE_RATE + 1.2))):
            sound.write(work / f"{name}.wav", wave)
            target = ffmpeg.url(HERE / f"{name}.m4a")
            ffmpeg.run(["-i", ffmpeg.url(work / f"{name}.wav"), "-c:a", "aac", "-b:a", "96k", "-bitexact", "-y", target])


if __name__ == "__main__":
    main()
