"""Which drawn mouth is shown in which frame: the drawings nearest to the curves, changed no more often than a hand would.

A drawn mouth (`rig.mouth` of a sheet) holds::

    {"shapes": {viseme: layer}, "points": {viseme: {curve: value}}, "twos": bool}

A point is where the curves of `talkmill.backends.lipsync` are when that viseme is spoken. A drawing costs, in a frame, its
distance to the curves from the nearest of its visemes; a change costs `CHANGE`; the whole shot's cheapest sequence is found
(Viterbi), in which a drawing lasts `hold(fps)` frames at least. Only the closure may be shorter, and it is always shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

CURVES = ("open", "width", "round", "teeth", "tongue", "tuck", "press")
"""The curves that choose a mouth."""

CLOSED = "PP"
"""The viseme of p, b and m."""

SHUT, BITTEN = 0.99, 0.9
"""`press` and `tuck` from which the closure and the lip under the teeth are shown for certain."""

CHANGE = 0.08
"""What a change of the drawing costs, in the distance of one frame."""

_WEIGHTS = np.array([1.0, 0.45, 0.75, 0.15, 0.45, 1.2, 1.6])
_MUST, _SHOULD = 1000.0, 20.0


def hold(fps: int) -> int:
    """Frames that a drawing lasts at least: two up to 30 a second, about 70 ms above."""
    return max(2, fps // 15)


def step(fps: int) -> int:
    """Frames of one drawing "on twos": twelve drawings a second at 24, fifteen at 30."""
    return max(2, fps // 12)


def drawings(style: Mapping[str, Any]) -> list[str]:
    """The layers that are shown, each once, in the order of their visemes."""
    return list(dict.fromkeys(style["shapes"].values()))


def costs(curves: Mapping[str, Sequence[float]], frames: int, style: Mapping[str, Any]) -> np.ndarray:
    """What each drawing costs in each frame, (frames, drawings); a curve that is not there is at rest."""
    names = drawings(style)
    rest = np.zeros(frames)
    seen = np.column_stack([np.asarray(curves.get(name, rest), float)[:frames] for name in CURVES])
    # Teeth and tongue are seen through open lips only.
    seen[:, 3:5] *= np.minimum(1.0, 6 * seen[:, :1])
    out = np.full((frames, len(names)), np.inf)
    for viseme, layer in style["shapes"].items():
        point = np.array([style["points"][viseme].get(name, 0.0) for name in CURVES])
        distance = np.sqrt((((seen - point) * _WEIGHTS) ** 2).sum(axis=1))
        column = names.index(layer)
        out[:, column] = np.minimum(out[:, column], distance)
    for viseme, curve, limit, price in (("FF", "tuck", BITTEN, _SHOULD), (CLOSED, "press", SHUT, _MUST)):
        certain = seen[:, CURVES.index(curve)] >= limit
        others = np.arange(len(names)) != names.index(style["shapes"][viseme])
        out[np.ix_(certain, others)] += price
    return out


def choose(curves: Mapping[str, Sequence[float]], frames: int, fps: int, style: Mapping[str, Any]) -> list[str]:
    """The layer of the mouth in each of a shot's `frames`."""
    if not frames:
        return []
    names = drawings(style)
    price, least, width = costs(curves, frames, style), hold(fps), 1
    if style["twos"]:
        width = step(fps)
        starts = np.arange(0, frames, width)
        price, least = np.add.reduceat(price, starts, axis=0), 1
    free = names.index(style["shapes"][CLOSED])
    path = _cheapest(price, least, free)
    return [names[index] for index in np.repeat(path, width)[:frames]]


def _cheapest(price: np.ndarray, least: int, free: int) -> np.ndarray:
    """The cheapest column of `price` for each row, each lasting `least` rows but for the column `free`.

    A state is a column and its age, 1 up to `least`; only a state of full age can be left. What is there at the first row
    has been there, and what is there at the last one stays.
    """
    rows, columns = price.shape
    best = np.full((least, columns), np.inf)
    best[-1] = price[0]
    came = np.zeros((rows, least, columns), np.int32)  # the state before, as age * columns + column
    index = np.arange(columns)
    for row in range(1, rows):
        new = np.full((least, columns), np.inf)
        for age in range(1, least):  # older by a row
            new[age], came[row, age] = best[age - 1], (age - 1) * columns + index
        stay = best[-1] <= new[-1]
        new[-1] = np.where(stay, best[-1], new[-1])
        came[row, -1] = np.where(stay, (least - 1) * columns + index, came[row, -1])
        leave = int(np.argmin(best[-1]))
        entry = best[-1, leave] + CHANGE
        for column in range(columns):
            age = least - 1 if column == free else 0
            if column != leave and entry < new[age, column]:
                new[age, column], came[row, age, column] = entry, (least - 1) * columns + leave
        best = new + price[row]
    state = int(np.argmin(best))
    path = np.empty(rows, np.int64)
    for row in range(rows - 1, -1, -1):
        path[row] = state % columns
        state = int(came[row, state // columns, state % columns])
    return path
