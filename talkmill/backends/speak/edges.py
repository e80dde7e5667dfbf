"""Phones' edges as they are heard: the engines' constant lateness, and where speech meets silence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from talkmill.backends.speak.times import Phone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUIET = -38.0
"""dB under the loud parts of an utterance (their 95th percentile) below which there is silence."""

HEAD, TAIL = 0.10, 0.15
"""Seconds of silence that stay before the first and after the last sound of a sentence."""

SHORTEST = 0.03
"""Seconds that a phone beside a pause keeps at least."""

CLOSURE = 0.08
"""Seconds by which a plosive may begin before it is heard."""

STEP = 0.005
FADE = 0.005
PLOSIVES = frozenset("pbtdkɡgʈɖcɟqʔ")


def loud(samples: NDArray[np.float32], rate: int) -> NDArray[np.bool_]:
    """For each step of 5 ms (window 10 ms) of `samples` (n,), whether there is sound."""
    import numpy as np

    step = round(STEP * rate)
    count = -(-len(samples) // step)
    power = np.zeros(count * step)
    power[: len(samples)] = samples.astype(np.float64) ** 2
    blocks = power.reshape(count, step).mean(axis=1)
    both = (blocks + np.concatenate([blocks[1:], blocks[-1:]])) / 2
    level = 10 * np.log10(np.maximum(both, 1e-12))
    return np.asarray(level > max(float(np.percentile(level, 95)) + QUIET, -75.0))


def refine(phones: Sequence[Phone], samples: NDArray[np.float32], rate: int, late: float) -> None:
    """Move the edges of `phones` (without holes, in samples of `rate`) to where they are heard, in place.

    Edges between two phones move `late` seconds to the front: a constant of the engine, measured against forced alignment
    and energy. An edge between a phone and a pause is where the sound's energy says.
    """
    heard = loud(samples, rate)
    step = STEP * rate
    shortest = SHORTEST * rate
    floor = 0.0
    for phone in phones:
        begin = max(phone.start - late * rate, floor) if phone.start > 0 else 0.0
        phone.start = begin
        floor = begin
    for one, other in pairwise(phones):
        one.end = other.start
    for place, pause in enumerate(phones):
        if pause.symbol:
            continue
        middle = (pause.start + pause.end) / 2
        if place:
            before = phones[place - 1]
            first = before.start + shortest
            sounding = [n for n in range(int(first / step), min(int(middle / step) + 1, len(heard))) if heard[n]]
            pause.start = before.end = min(max((sounding[-1] + 1) * step if sounding else first, first), pause.end)
        if place + 1 < len(phones):
            after = phones[place + 1]
            last = max(after.end - shortest, after.start)
            sounding = [n for n in range(int(middle / step), min(int(last / step) + 1, len(heard))) if heard[n]]
            onset = sounding[0] * step if sounding else last
            earliest = onset - CLOSURE * rate if after.symbol[:1] in PLOSIVES else onset - 2 * step
            edge = min(max(after.start, earliest), onset)
            pause.end = after.start = max(min(edge, last), pause.start)


def trim(samples: NDArray[np.float32], phones: Sequence[Phone], rate: int) -> tuple[NDArray[np.float32], list[Phone]]:
    """`samples` with `HEAD` and `TAIL` of silence, cut (and faded) or filled up, and the phones moved with it."""
    import numpy as np

    spoken = [phone for phone in phones if phone.symbol]
    if not spoken:
        return samples, list(phones)
    head, tail = round(HEAD * rate), round(TAIL * rate)
    first, last = int(spoken[0].start) - head, int(spoken[-1].end) + tail
    cut = samples[max(first, 0) : last].copy()
    ramp = np.linspace(0, 1, min(round(FADE * rate), len(cut)), dtype=np.float32)
    cut[: len(ramp)] *= ramp
    cut[len(cut) - len(ramp) :] *= ramp[::-1]
    cut = np.pad(cut, (max(-first, 0), max(last - len(samples), 0)))
    places = [place for place, phone in enumerate(phones) if phone.symbol]
    inside = list(phones[places[0] : places[-1] + 1])
    for phone in inside:
        phone.start, phone.end = phone.start - first, phone.end - first
    found = [Phone("", 0, inside[0].start), *inside, Phone("", inside[-1].end, len(cut))]
    return cut, [phone for phone in found if phone.end > phone.start]
