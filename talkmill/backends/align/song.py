"""Song, made as short as speech: held notes are cut out before it is aligned, and put back into the times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from talkmill.backends.speak.times import VOWELS, Phone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEADY = 20.0
"""Change in dB (length of the difference of two cepstra) under which a frame is part of a held sound; speech has about 40."""
SPAN = 3
"""Frames (15 ms) on either side over which change is measured."""
LEFT = 0.05
"""Seconds that stay of a held sound on either side of the cut."""
FADE = 160
"""Samples (10 ms at 16 kHz) over which the two sides are joined."""


CONSONANT = 0.16
"""Seconds that a sung consonant lasts at most where a vowel of its word is beside it: the note is the vowel's."""


def open_vowels(phones: Sequence[Phone], rate: int) -> None:
    """Give what a consonant lasts longer than `CONSONANT` to the vowel beside it, in place; times in samples of `rate`."""
    longest = CONSONANT * rate
    for index, phone in enumerate(phones):
        if not phone.symbol or phone.symbol[:1] in VOWELS or phone.end - phone.start <= longest:
            continue
        before = phones[index - 1] if index else None
        after = phones[index + 1] if index + 1 < len(phones) else None
        if before and before.word == phone.word and before.symbol[:1] in VOWELS:
            before.end = phone.start = phone.end - longest
        elif after and after.word == phone.word and after.symbol[:1] in VOWELS:
            after.start = phone.end = phone.start + longest


def shortened(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """`samples` (n,) at 16 kHz without the middles of held sounds.

    Returns:
        The short sound, and the two columns of a map: places in it, and where these are in `samples`.
    """
    import numpy as np

    from talkmill.backends.align import features
    from talkmill.media import sound

    level = features.spectrum(samples)
    table = level @ features.cosines().T
    kernel = np.hanning(9) / np.hanning(9).sum()
    smooth = np.stack([np.convolve(np.pad(column, 4, mode="edge"), kernel, "valid") for column in table.T], axis=1)
    padded = np.pad(smooth, ((SPAN, SPAN), (0, 0)), mode="edge")
    change = np.sqrt(((padded[2 * SPAN :] - padded[: -2 * SPAN]) ** 2)[:, 1:].sum(axis=1))
    loud = level.mean(axis=1) > level.mean(axis=1).min() + 10
    steady = loud & (change < STEADY)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], steady.astype(int), [0]])))
    keep: list[NDArray[np.float32]] = []
    short, full = [0.0], [0.0]
    at = length = 0
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        begin = round((first * features.STEP + LEFT) * sound.MODEL_RATE)
        end = round((last * features.STEP - LEFT) * sound.MODEL_RATE)
        if end - begin < 4 * FADE:
            continue
        piece = samples[at:begin].copy()
        ramp = np.linspace(0, 1, FADE, dtype=np.float32)
        piece[-FADE:] = piece[-FADE:] * (1 - ramp) + samples[end - FADE : end] * ramp
        keep.append(piece)
        length += len(piece)
        short += [length - FADE / 2, length]
        full += [begin - FADE / 2, end]
        at = end
    keep.append(samples[at:])
    length += len(samples) - at
    return np.concatenate(keep), np.array([*short, float(length)]), np.array([*full, float(len(samples))])
