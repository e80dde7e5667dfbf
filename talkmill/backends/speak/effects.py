"""Changes to a voice's sound that keep its time: pitch and formants."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

LOWEST, HIGHEST = 60.0, 500.0
"""Hz between which the voice's pitch is looked for."""

FRAME = 0.005
"""Seconds between two values of the pitch, and between two grains where there is none."""


def shift(samples: NDArray[np.float32], rate: int, pitch: float, formant: float) -> NDArray[np.float32]:
    """`samples` (n,) at `rate` with pitch and formants moved by so many semitones; same length, same time.

    Pitch-synchronous overlap and add (TD-PSOLA; Moulines and Charpentier 1990): grains of two periods, each around a pitch
    mark, are laid out again at the new period, every one taken from the mark nearest in time; read faster or slower they
    move the formants (Lent 1989). Where the voice has no pitch, grains keep their places. Nothing to move: the samples
    themselves. Loudness (RMS) stays.
    """
    if not pitch and not formant:
        return samples
    import numpy as np

    sound = samples.astype(np.float64)
    marks, periods, voiced = pitch_marks(sound, rate)
    faster, smaller = 2 ** (pitch / 12), 2 ** (formant / 12)
    made, weights = np.zeros(len(sound)), np.zeros(len(sound))
    place = float(marks[0])
    while place < len(sound):
        nearest = int(np.searchsorted(marks, place))
        if nearest == len(marks) or (nearest and place - marks[nearest - 1] <= marks[nearest] - place):
            nearest -= 1
        period = periods[nearest]
        reach = period / smaller if voiced[nearest] else period
        centre = round(place)
        first, last = max(centre - int(reach), 0), min(centre + int(reach) + 1, len(sound))
        offsets = np.arange(first, last) - place
        window = 0.5 + 0.5 * np.cos(np.pi * np.clip(offsets / reach, -1, 1))
        made[first:last] += window * _read(sound, marks[nearest] + offsets * smaller)
        weights[first:last] += window
        place += period / faster if voiced[nearest] else period
    made /= np.maximum(weights, 0.5)
    before, after = np.mean(sound**2), np.mean(made**2)
    return (made * (np.sqrt(before / after) if after else 1)).astype(np.float32)


def pitch_marks(sound: Sound, rate: int) -> tuple[NDArray[np.int64], Sound, NDArray[np.bool_]]:
    """Places of the grains of `sound` (n,), each with its period in samples and whether the voice has a pitch there.

    The pitch is WORLD's (Harvest, Morise 2017). In a stretch that has one, the first mark is its largest peak; the next ones
    are where the wave is most like itself one period on.
    """
    import numpy as np
    import pyworld

    count = len(sound)
    hertz, at = pyworld.harvest(sound, rate, f0_floor=LOWEST, f0_ceil=HIGHEST, frame_period=1000 * FRAME)
    hertz = pyworld.stonemask(sound, hertz, at, rate)
    moments, frames = np.arange(count) / rate, np.arange(len(hertz)) * FRAME
    has = np.interp(moments, frames, (hertz > 0).astype(float)) > 0.5
    known = hertz > 0
    track = np.interp(moments, frames[known], hertz[known]) if known.any() else np.full(count, LOWEST)
    period = rate / np.clip(track, LOWEST, HIGHEST)
    upward = np.mean(np.maximum(sound, 0) ** 3) >= np.mean(np.maximum(-sound, 0) ** 3)
    wave = sound if upward else -sound
    step = round(FRAME * rate)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], has.astype(int), [0]])))
    marks: list[int] = []
    flags: list[bool] = []
    now = 0
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin < 3 * period[begin]:
            continue
        quiet = list(range(now, int(begin), step))
        found = _walk(wave, period, int(begin), int(end))
        marks += [*quiet, *found]
        flags += [False] * len(quiet) + [True] * len(found)
        now = int(end)
    quiet = list(range(now, count, step))
    marks += quiet
    flags += [False] * len(quiet)
    places, voiced = np.array(marks, np.int64), np.array(flags, bool)
    return places, np.where(voiced, period[places], float(step)), voiced


def _walk(wave: Sound, period: Sound, begin: int, end: int) -> list[int]:
    """Marks from `begin` to `end`, outwards from the largest peak."""
    import numpy as np

    top = begin + int(np.argmax(wave[begin:end]))
    found = [top]
    for direction in (1, -1):
        place = top
        while True:
            length = period[place]
            half = int(length / 2)
            tries = [place + direction * hop for hop in range(int(0.75 * length), int(1.3 * length))]
            tries = [other for other in tries if begin <= other < end and half <= other < len(wave) - half]
            if not tries or place < half or place + half > len(wave):
                break
            here = wave[place - half : place + half]
            place = max(tries, key=lambda other: float(here @ wave[other - half : other + half]))
            found.append(place)
    return sorted(found)


def _read(sound: Sound, places: Sound) -> Sound:
    """`sound` between its samples (linear), 0 outside."""
    import numpy as np

    low = np.clip(np.floor(places).astype(np.int64), 0, len(sound) - 2)
    part = places - low
    return np.where((part >= 0) & (part <= 1), sound[low] * (1 - part) + sound[low + 1] * part, 0.0)
