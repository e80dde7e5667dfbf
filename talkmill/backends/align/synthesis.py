"""align: synthesis. The text spoken by espeak-ng, warped onto the recording: any of its hundred languages, no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.align import aligning
from talkmill.backends.align.reference import Reference
from talkmill.backends.speak.times import Phone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from talkmill.backends.align.dtw import Array, Template, Whole

LEVEL = 1.5
"""Weight of the level and its slope against the other coefficients."""
PACE = 0.3
"""What a frame costs that is longer or shorter than the reference's, in units of distance (two sounds are about 5 apart)."""
RIDGE = 30.0
"""Weight of "no change" in the map from the synthetic speaker to the recorded one, in frames."""
COARSE = 8
"""Frames that are one in the first, coarse path of a long recording."""
MARGIN = 1.5
"""Seconds on either side of the coarse path in which the fine one is looked for."""
SHORT = 2400
"""Frames (12 s) up to which there is no coarse path."""


class Synthesis:
    """Dynamic time warping onto synthetic speech.

    Request: `text`, `language`, `sung`. See `talkmill.backends.align`.
    """

    name: ClassVar[str] = "synthesis"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "Apache-2.0"
    packages: ClassVar[tuple[str, ...]] = ("espeakng-loader", "numpy", "soxr")

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Align one recording.

        Raises:
            BackendError: nothing in the text can be spoken, or espeak-ng does not know the language.
        """
        return aligning.run(align, request, inputs, workdir)


def align(samples: NDArray[np.float32], spoken: Reference) -> list[Phone]:
    """Phones and pauses of a recording, in samples of `features.RATE`, without holes.

    Args:
        samples: (n,) at `features.RATE`, with `aligning.PAD` seconds of silence at both ends.
        spoken: the text's synthetic speech.
    """
    import numpy as np

    from talkmill.backends.align import features
    from talkmill.media import sound

    model = sound.resample(spoken.samples, spoken.rate, features.RATE)
    pad = round(aligning.PAD * features.RATE)
    weights = np.ones(2 * features.COEFFICIENTS)
    weights[[0, features.COEFFICIENTS]] = LEVEL
    mine, theirs = features.cepstra(np.pad(model, pad)), features.cepstra(samples)
    spans = [Phone(p.symbol, p.start / spoken.rate, p.end / spoken.rate, p.word) for p in spoken.phones]
    kinds, places = _layout(spans, len(mine))
    template = _template(mine[places] * weights, kinds)
    path = _path(template, theirs * weights)
    told = mine[places[path]]
    template = _template(_mapped(told, theirs, mine)[places] * weights, kinds)
    path = _path(template, theirs * weights)
    return _phones(spans, kinds, path)


def _layout(spans: Sequence[Phone], frames: int) -> tuple[Whole, Whole]:
    """The template's frames: which phone each belongs to (-1: silence), and which frame of the reference it looks like.

    Between two words stands one frame of silence more: people pause where espeak-ng does not.
    """
    import numpy as np

    from talkmill.backends.align.features import STEP

    kinds: list[int] = []
    places: list[int] = []
    edge = round(aligning.PAD / STEP)
    kinds += [-1] * edge
    places += range(edge)
    last: int | None = None
    for index, phone in enumerate(spans):
        first, end = (min(round((aligning.PAD + time) / STEP), frames - 1) for time in (phone.start, phone.end))
        if phone.symbol and last is not None and phone.word != last:
            kinds.append(-1)
            places.append(0)
        last = phone.word if phone.symbol else last
        kinds += [index if phone.symbol else -1] * (end - first)
        places += range(first, end)
    kinds += [-1] * (frames - places[-1] - 1)
    places += range(places[-1] + 1, frames)
    return np.array(kinds), np.array(places)


def _template(frames: Array, kinds: Whole) -> Template:
    """The frames with what it costs to depart from their pace; silence may last as long as it likes, or not at all."""
    import numpy as np

    from talkmill.backends.align.dtw import Template

    pace = np.where(kinds < 0, 0.0, PACE)
    return Template(frames, pace, pace, kinds < 0)


def _path(template: Template, recording: Array) -> Whole:
    """The warping path; of a long recording first a coarse one, and then the fine one near to it."""
    import numpy as np

    from talkmill.backends.align.dtw import Template, warp
    from talkmill.backends.align.features import STEP

    n, m = len(template.frames), len(recording)
    if m <= SHORT:
        return warp(template, recording, np.zeros(n, np.int64), m)
    rows = np.arange(0, n, COARSE)
    few = Template(template.frames[rows], template.stay[rows], template.skip[rows], template.free[rows])
    coarse = warp(few, recording[::COARSE], np.zeros(len(rows), np.int64), len(recording[::COARSE]))
    # the first and the last recording frame at which the coarse path is at each row
    first = np.searchsorted(coarse, np.arange(n) // COARSE) * COARSE
    last = np.searchsorted(coarse, np.arange(n) // COARSE, side="right") * COARSE
    margin = round(MARGIN / STEP)
    width = min(int((last - first).max()) + 2 * margin, m)
    low = np.maximum.accumulate(np.clip((first + last) // 2 - width // 2, 0, max(m - width, 0)))
    return warp(template, recording, low, width)


def _phones(spans: Sequence[Phone], kinds: Whole, path: Whole) -> list[Phone]:
    """Each phone from the first to the last recording frame that fell on it; what fell on none shares its neighbour's edge."""
    import numpy as np

    from talkmill.backends.align.features import HOP

    fallen = kinds[path]
    order = [index for index, phone in enumerate(spans) if phone.symbol]
    found: list[Phone] = []
    now = 0
    for index in order:
        at = np.flatnonzero(fallen == index)
        start, end = (int(at[0]), int(at[-1]) + 1) if len(at) else (now, now)
        start = max(start, now)
        end = max(end, start)
        if start > now:
            found.append(Phone("", now * HOP, start * HOP))
        found.append(Phone(spans[index].symbol, start * HOP, end * HOP, spans[index].word))
        now = end
    if now < len(path):
        found.append(Phone("", now * HOP, len(path) * HOP))
    return found


def _mapped(told: Array, heard: Array, every: Array) -> Array:
    """`every` reference frame as the recorded speaker would sound, by the ridge regression of `heard` on `told` frames."""
    import numpy as np

    def wide(table: Array) -> Array:
        return np.hstack([table, np.ones((len(table), 1))])

    size = told.shape[1]
    prior = np.vstack([np.eye(size), np.zeros((1, size))])
    left = wide(told).T @ wide(told) + RIDGE * np.eye(size + 1)
    return wide(every) @ np.linalg.solve(left, wide(told).T @ heard + RIDGE * prior)
