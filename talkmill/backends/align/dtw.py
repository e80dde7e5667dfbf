"""Dynamic time warping of a recording onto a reference, row by row in a band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Flags = NDArray[np.bool_]

FAR = 1e18
"""Cost of what is not allowed."""


@dataclass(frozen=True)
class Template:
    """A reference, frame by frame, and what it costs to depart from its pace."""

    frames: Array  # (n, d)
    stay: Array  # (n,) on top of the distance, for each recording frame that a reference frame lasts longer
    skip: Array  # (n,) for a reference frame that is passed without a recording frame of its own
    free: Flags  # (n,) frames that may be passed without being compared: silence


def distances(frame: Array, recording: Array) -> Array:
    """Euclidean distance of one frame (d,) to each of (k, d)."""
    import numpy as np

    return np.asarray(np.sqrt(((recording - frame) ** 2).sum(axis=1)))


def warp(template: Template, recording: Array, low: Whole, width: int) -> Whole:
    """The template's frame at each frame of `recording` (m, d), on the cheapest monotonic path; (m,).

    A path pays one distance for every recording frame: from (i, j) it goes to (i + 1, j + 1), to (i + 1, j + 2) for two
    distances, to (i + 1, j) for `skip`, or stays at i for `stay` (Sakoe and Chiba 1978, symmetric in the recording).

    Args:
        template: the reference.
        recording: the recording's frames.
        low: (n,) first recording frame of the band at each template frame; never falls.
        width: recording frames in the band.
    """
    import numpy as np

    n, m = len(template.frames), len(recording)
    moves = np.zeros((n, width), np.int8)
    stays = np.zeros((n, width), np.int32)
    columns = np.arange(width)
    padded = np.vstack([recording, np.full((width + 2, recording.shape[1]), 1e6)])
    total = np.full(width, FAR)
    for i in range(n):
        first = int(low[i])
        local = distances(template.frames[i], padded[first : first + width])
        if i == 0:
            enter = np.full(width, FAR)
            if first == 0:
                enter[0] = local[0]
        else:
            shift = first - int(low[i - 1])
            held = np.full(width + shift + 2, FAR)
            held[2 : 2 + width] = total  # held[2 + k] is column k of the row before
            same, one, two = (held[2 + shift - back : 2 + shift - back + width] for back in (0, 1, 2))
            same = np.pad(same, (0, width - len(same)), constant_values=FAR)
            cost = float(template.skip[i])
            options = np.stack([one + local, same + cost + (0.0 if template.free[i] else local), two + 2 * local])
            moves[i] = options.argmin(axis=0)
            enter = options.min(axis=0)
        # staying from column a to k costs run[k] - run[a]: the best entry is the least of enter - run so far
        run = np.cumsum(local + template.stay[i])
        lead = enter - run
        least = np.minimum.accumulate(lead)
        stays[i] = columns - np.maximum.accumulate(np.where(lead <= least, columns, 0))
        total = np.minimum(least + run, FAR)
    return _traced(moves, stays, low, m)


def _traced(moves: NDArray[np.int8], stays: NDArray[np.int32], low: Whole, m: int) -> Whole:
    """The path back from the last frame of both."""
    import numpy as np

    n, width = moves.shape
    path = np.zeros(m, np.int64)
    k = min(max(m - 1 - int(low[n - 1]), 0), width - 1)
    for i in range(n - 1, -1, -1):
        at = int(low[i]) + k
        back = int(stays[i, k])
        path[at - back : at + 1] = i
        if i == 0:
            break
        move = int(moves[i, k - back])
        j = at - back - (1, 0, 2)[move]
        if move == 2:
            path[j + 1] = i
        k = min(max(j - int(low[i - 1]), 0), width - 1)
    return path
