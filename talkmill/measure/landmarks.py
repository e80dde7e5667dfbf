"""Filmed faces, measured by landmarks in every decoded frame: the lips' opening and width, what shows between them, the skin.

Lengths are in millimetres of the face: a ninetieth of the distance between the outer corners of the eyes. The detector that is
shipped is MediaPipe's face mesh (`media.faces`); another one may be given as `Detect`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from talkmill.errors import MediaError
from talkmill.measure.watch import apart
from talkmill.media import ffmpeg

DETECTOR = "MediaPipe face mesh, 468 points"
"""The name of the detector that is used where no other is given."""
UNIT = 90.0
SIDE = 96
"""Pixels across the patch of a face on which its skin is compared, one a mm."""
ROWS = slice(18, 40)
"""Lines of a patch across the cheeks, which speech hardly moves, so that the edge of what was pasted over the lower face shows
in them."""
CHANGED = 6
"""Levels of luma by which a pixel must differ from the frame before to count as changed."""


@dataclass(frozen=True)
class Marks:
    """What is used of one face's landmarks, in pixels. `eyes`: outer corners, viewer's left and right; `corners` of the lips
    likewise; `upper` and `lower`: points of the inner edges in the lips' middle, in pairs; `rigid`: points that speech does
    not move."""

    eyes: np.ndarray
    corners: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    rigid: np.ndarray


Detect = Callable[[np.ndarray], Sequence[Marks]]
"""All faces in an R'G'B' picture, uint8 (h, w, 3)."""


@dataclass
class Followed:
    """One face in every frame; NaN where it was not found. Lengths in mm.

    `gap`: between the lips in the middle. `width`: between their corners. `teeth`, `dark`: how much of the gap is bright, and
    how much is dark. `x`, `y`: the mouth in pixels of the video. `moved`, `back`: mean difference of the surroundings of the
    mouth from the frame before and the one before that, in levels of luma. `repeated`: the face is the frame before's. `skin`,
    `cheek`: what is left of a pixel when its two neighbours in time are taken off, about the mouth and on the cheeks. `sharp`:
    energy of the finest detail about the mouth against that of the cheeks. `shape`: RMS in mm by which the rigid points miss
    the first frame's. `step`: mm by which the head has moved since the frame before. `rows` (frames, lines): mean luma
    of each of `ROWS`, in which an edge of what was pasted shows.
    """

    gap: np.ndarray
    width: np.ndarray
    teeth: np.ndarray
    dark: np.ndarray
    x: np.ndarray
    y: np.ndarray
    moved: np.ndarray
    back: np.ndarray
    repeated: np.ndarray
    skin: np.ndarray
    cheek: np.ndarray
    sharp: np.ndarray
    shape: np.ndarray
    step: np.ndarray
    rows: np.ndarray


def mesh(fps: int) -> Detect:
    """The shipped detector, which follows faces from frame to frame."""
    from talkmill.media import faces

    tracker = faces.Tracker(fps)

    def detect(picture: np.ndarray) -> list[Marks]:
        return [of_mesh(face.landmarks[:, :2]) for face in tracker.add(picture)]

    return detect


def of_mesh(points: np.ndarray) -> Marks:
    """What is used of MediaPipe's landmarks."""
    from talkmill.picture.warp.place import CHEEK_MARKS, RIGID

    # A smile that leaves while its owner speaks takes the cheeks with it; another face differs as much without them.
    rigid = tuple(one for one in RIGID if one not in (*CHEEK_MARKS[0], *CHEEK_MARKS[1], 36, 266))
    return Marks(
        *(points[list(group)] for group in ((33, 263), (78, 308), (81, 82, 13, 312, 311), (178, 87, 14, 317, 402), rigid))
    )


def follow(
    video: Path, fps: int, frames: int, area: tuple[int, int, int, int], near: tuple[float, float], detect: Detect | None = None
) -> Followed:
    """Follow the face nearest to `near` (pixels of the video) through all frames; it is looked for in `area` (x, y, w, h,
    even).

    Raises:
        MediaError: the video cannot be decoded to its end, or has another number of frames.
        PrerequisiteError: the weights of the shipped detector are not there.
    """
    x, y, width, height = area
    look = detect or mesh(fps)
    command = [
        "-loglevel", "error", "-xerror", "-i", ffmpeg.url(video), "-map", "0:v:0", "-fps_mode", "passthrough",
        "-vf", f"crop={width}:{height}:{x}:{y},format=rgb24", "-f", "rawvideo", "pipe:1",
    ]  # fmt: skip
    rows = np.full((frames, ROWS.stop - ROWS.start), np.nan, np.float32)
    made = Followed(*(np.full(frames, np.nan) for _ in range(14)), rows)
    made.repeated = np.zeros(frames, bool)
    state = _State()
    place = np.array(near, float) - (x, y)
    index = -1
    for index, piece in enumerate(ffmpeg.stream(command, 3 * width * height)):
        picture = np.frombuffer(piece, np.uint8).reshape(height, width, 3)
        if index < frames:
            marks = min(look(picture), key=lambda one: float(np.hypot(*(one.corners.mean(axis=0) - place))), default=None)
            if marks is None or np.hypot(*(marks.corners.mean(axis=0) - place)) > np.hypot(*(marks.eyes[1] - marks.eyes[0])):
                state = _State(state)
                continue
            place = marks.corners.mean(axis=0)
            state.measure(made, index, picture, marks, (x, y))
    if index + 1 != frames:
        raise MediaError(f"{video.name}: it has another length than was made ({index + 1} frames, not {frames}). Make it anew.")
    return made


class _State:
    """The patches of the last frames, and the rigid points of the first."""

    def __init__(self, before: _State | None = None) -> None:
        self.first: np.ndarray | None = before.first if before else None
        self.unit = before.unit if before else 1.0
        self.patches: list[np.ndarray] = []
        self.last: np.ndarray | None = None

    def measure(self, made: Followed, index: int, picture: np.ndarray, marks: Marks, corner: tuple[int, int]) -> None:
        """Fill in frame `index`."""
        along = marks.eyes[1] - marks.eyes[0]
        unit = float(np.hypot(*along)) / UNIT
        along = along / np.hypot(*along)
        down = np.array([-along[1], along[0]])
        middle = marks.corners.mean(axis=0)
        made.x[index], made.y[index] = middle + corner
        gaps = np.maximum((marks.lower - marks.upper) @ down, 0)
        made.gap[index] = gaps.mean() / unit
        made.width[index] = np.hypot(*(marks.corners[1] - marks.corners[0])) / unit
        luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        # Eye landmarks alone set the scale: the patch stays on the head while the mouth moves.
        turn = np.array([along, down]) / unit
        eyes = marks.eyes.mean(axis=0)
        way = np.column_stack([turn, np.array([SIDE / 2, 4.0]) - turn @ eyes])
        patch = cv2.warpAffine(luma, way, (SIDE, SIDE + 16), flags=cv2.INTER_AREA if unit > 1.5 else cv2.INTER_LINEAR)
        cheeks = patch[18:36, [*range(14, 32), *range(64, 82)]].astype(np.float32)
        made.teeth[index], made.dark[index] = _between(luma, marks, float(cheeks.mean()), made.gap[index])
        mouth = patch[52:100, 14:82].astype(np.float32)
        made.sharp[index] = _detail(mouth) / max(_detail(patch[18:42, 10:86].astype(np.float32)), 1e-3)
        self._compare(made, index, patch)
        made.rows[index] = patch[ROWS, 14:82].mean(axis=1)
        centre = marks.rigid.mean(axis=0)
        if self.last is not None:
            made.step[index] = np.hypot(*(centre - self.last)) / unit
        self.last = centre
        if self.first is None:
            self.first = marks.rigid
            self.unit = unit
        made.shape[index] = misfit(self.first, marks.rigid) / self.unit

    def _compare(self, made: Followed, index: int, patch: np.ndarray) -> None:
        for number, values in ((1, made.moved), (2, made.back)):
            if len(self.patches) >= number:
                values[index] = apart(patch[52:100, 14:82], self.patches[-number][52:100, 14:82])
        if self.patches:
            made.repeated[index] = not np.count_nonzero(cv2.absdiff(patch, self.patches[-1]) > CHANGED)
        if len(self.patches) == 2:
            one, two, three = (p.astype(np.float32) for p in (*self.patches, patch))
            left = np.abs(two - (one + three) / 2)
            made.skin[index - 1] = left[52:100, 14:82].mean()
            made.cheek[index - 1] = left[18:42, 10:86].mean()
        self.patches = [*self.patches[-1:], patch]


def misfit(first: np.ndarray, other: np.ndarray) -> float:
    """RMS, in the unit of `first`, by which points (n, 2), brought over it by the best affine map, miss it: the shape of a
    face, whichever way it is turned a little."""
    whole = np.column_stack([other, np.ones(len(other))])
    mapped = whole @ np.linalg.lstsq(whole, first, rcond=None)[0]
    return float(np.sqrt(((mapped - first) ** 2).sum(axis=1).mean()))


def _between(luma: np.ndarray, marks: Marks, cheek: float, gap: float) -> tuple[float, float]:
    """How much of the gap is as bright as teeth, and how much is dark, mm; sampled along the pairs of points."""
    bright = dark = count = 0
    for one, other in zip(marks.upper, marks.lower, strict=True):
        steps = int(np.hypot(*(other - one)))
        for share in (np.arange(steps) + 0.5) / max(steps, 1):
            px, py = np.round(one + share * (other - one)).astype(int)
            if 0 <= py < luma.shape[0] and 0 <= px < luma.shape[1]:
                count += 1
                bright += luma[py, px] > 0.55 * cheek
                dark += luma[py, px] < 0.42 * cheek
    return (gap * bright / count, gap * dark / count) if count else (0.0, 0.0)


def _detail(patch: np.ndarray) -> float:
    return float(cv2.Laplacian(patch, cv2.CV_32F).std())
