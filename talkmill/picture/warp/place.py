"""Face frames: where a face and its lips are in every picture of a clip, from its landmarks.

Landmarks are those of MediaPipe's face mesh: 468 points or more (an attention model adds ten of the irises), x and y in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

UNIT = 90.0
"""Millimetres of the face between the outer corners of the eyes."""
EYES = (33, 263)
CORNERS = (78, 308)
"""The inner corners of the lips: the viewer's left, right."""
UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_OUTER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
CHIN, NOSE = 152, 2
RIGID = (
    33, 133, 263, 362, 168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 98, 327, 129, 358, 10, 151, 9, 8, 107, 336, 67, 297, 54, 284, 21,
    251, 162, 389, 127, 356, 234, 454, 93, 323, 116, 345, 117, 346, 118, 347, 50, 280, 101, 330, 36, 266, 205, 425,
)  # fmt: skip
"""Landmarks that neither speech nor blinks move."""
CHEEK_MARKS = ((50, 101, 205), (280, 330, 425))
"""On the cheeks at the viewer's left and right."""
NODES = 33
"""Points of a lip's line from corner to corner."""
CALM = 1.2
"""Frames (sigma) over which a face frame is evened out; the same to both sides, so that it does not lag."""
STILL = 0.6
"""Millimetres by which lips may move in a clip (standard deviation) and still be lips at rest, seen with noise."""


@dataclass(frozen=True)
class Lips:
    """Lips at rest in a face frame, in mm: x of the corners, and y of the inner edges at `NODES` points from corner to
    corner."""

    left: float
    right: float
    upper: np.ndarray
    lower: np.ndarray

    @cached_property
    def x(self) -> np.ndarray:
        """x of the nodes."""
        return np.linspace(self.left, self.right, NODES)

    @property
    def gap(self) -> float:
        """Between the lips in the middle third, mm."""
        third = slice(NODES // 3, NODES - NODES // 3)
        return float(np.maximum(self.lower - self.upper, 0)[third].mean())


@dataclass(frozen=True)
class Placed:
    """A face in a clip of `n` pictures. Pictures in which it is not seen are False in `seen`, and NaN elsewhere.

    `to_picture`: (n, 2, 3), the affine map from mm of the face to pixels. `lips`: one a picture. `resting`: whether the lips
    stay as they are all the time. `chin`, `nose`: y of the chin's and the nose's lower end in mm; `face`: the landmarks in mm,
    (468, 2).
    """

    seen: np.ndarray
    to_picture: np.ndarray
    lips: Sequence[Lips | None]
    resting: bool
    face: np.ndarray

    @property
    def chin(self) -> float:
        """y of the chin, mm."""
        return float(self.face[CHIN, 1])

    @property
    def nose(self) -> float:
        """y under the nose, mm."""
        return float(self.face[NOSE, 1])


def place(landmarks: np.ndarray) -> Placed:
    """Face frames of a clip; `landmarks` are (n, 468 or more, 2 or more), NaN in pictures without the face.

    The frame is the affine map that takes the face's own rigid landmarks, averaged over the clip, onto those of the picture,
    so it follows turning and nodding as far as an affine map does. It is evened out over a few frames within each stretch.
    """
    points = np.asarray(landmarks, np.float64)[:, :468, :2]
    seen = ~np.isnan(points).any(axis=(1, 2))
    if not seen.any():
        return Placed(seen, np.full((len(points), 2, 3), np.nan), [None] * len(points), True, np.full((468, 2), np.nan))
    upright = np.array([_upright(one) for one in points[seen]])
    face = upright.mean(axis=0)
    maps = np.full((len(points), 2, 3), np.nan)
    rigid = np.column_stack([face[list(RIGID)], np.ones(len(RIGID))])
    for index in np.flatnonzero(seen):
        maps[index] = np.linalg.lstsq(rigid, points[index][list(RIGID)], rcond=None)[0].T
    for start, end in _stretches(seen):
        maps[start:end] = _evened(maps[start:end], CALM)
    lines = np.full((len(points), 2, NODES + 1), np.nan)
    for index in np.flatnonzero(seen):
        back = (points[index] - maps[index][:, 2]) @ np.linalg.inv(maps[index][:, :2]).T
        lines[index] = _lines(back)
    spread = lines[seen][:, :, 1:].std(axis=0).mean()
    resting = bool(spread < STILL)
    if resting:
        lines[seen] = np.median(lines[seen], axis=0)
    else:
        for start, end in _stretches(seen):
            lines[start:end] = _evened(lines[start:end], CALM)
    lips = [Lips(one[0, 0], one[1, 0], one[0, 1:], one[1, 1:]) if ok else None for one, ok in zip(lines, seen, strict=True)]
    return Placed(seen, maps, lips, resting, face)


MOUTH, FACE_NOSE, FACE_CHIN, CHEEKS = 50.0, -20.0, 36.0, (33.0, -16.0)
"""mm of a face that nobody measured: the mouth's width, y of nose and chin, x and y of the cheeks."""


def place_box(box: tuple[float, float, float, float], frames: int) -> Placed:
    """A face of which only the mouth is known and that does not move: `box` is left, top, width, height of the mouth in pixels.

    The rest is taken to lie as on an average face that stands upright.
    """
    left, top, width, height = box
    size = width / MOUTH
    way = np.array([(size, 0.0, left + width / 2), (0.0, size, top + height / 2)])
    face = np.zeros((468, 2))
    face[NOSE], face[CHIN] = (0.0, FACE_NOSE), (0.0, FACE_CHIN)
    for marks, side in ((CHEEK_MARKS[0], -1), (CHEEK_MARKS[1], 1)):
        face[list(marks)] = (side * CHEEKS[0], CHEEKS[1])
    flat = np.zeros(NODES)
    lips = Lips(-MOUTH / 2, MOUTH / 2, flat, flat)
    return Placed(np.ones(frames, bool), np.repeat(way[None], frames, 0), [lips] * frames, True, face)


def _upright(points: np.ndarray) -> np.ndarray:
    """Landmarks in mm: eyes level, 90 mm apart, origin between the corners of the mouth."""
    left, right = points[EYES[0]], points[EYES[1]]
    along = right - left
    size = np.hypot(*along)
    cos, sin = along / size
    turned = points @ np.array([(cos, -sin), (sin, cos)]) * (UNIT / size)
    return turned - turned[list(CORNERS)].mean(axis=0)


def _lines(face: np.ndarray) -> np.ndarray:
    """(2, 1 + NODES): x of a corner, then y of the upper and the lower inner edge.

    Each edge is a polynomial that passes through both corners: landmarks of neighbouring points jitter against each other.
    """
    (left, y0), (right, y1) = face[CORNERS[0]], face[CORNERS[1]]
    out = np.empty((2, NODES + 1))
    at = np.linspace(-1, 1, NODES)
    for row, (group, corner) in enumerate(((UPPER_INNER, left), (LOWER_INNER, right))):
        inner = face[list(group[1:-1])]
        t = np.clip((2 * inner[:, 0] - left - right) / (right - left), -0.98, 0.98)
        straight = y0 + (y1 - y0) * (t + 1) / 2
        basis = (1 - t**2)[:, None] * t[:, None] ** np.arange(4)
        weights = np.linalg.lstsq(basis, inner[:, 1] - straight, rcond=None)[0]
        out[row, 0] = corner
        out[row, 1:] = y0 + (y1 - y0) * (at + 1) / 2 + ((1 - at**2)[:, None] * at[:, None] ** np.arange(4)) @ weights
    middle = out[:, 1:].mean(axis=0)
    out[0, 1:], out[1, 1:] = np.minimum(out[0, 1:], middle), np.maximum(out[1, 1:], middle)
    return out


def _stretches(seen: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _evened(values: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian along the first axis; the ends are mirrored through their own point, so that a steady motion stays as it
    is."""
    reach = min(int(np.ceil(3 * sigma)), len(values) - 1)
    if reach < 1:
        return values
    head = 2 * values[:1] - values[reach:0:-1]
    tail = 2 * values[-1:] - values[-2 : -reach - 2 : -1]
    padded = np.concatenate([head, values, tail])
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    return sum(weight * padded[i : i + len(values)] for i, weight in enumerate(kernel))


def scale(to_picture: np.ndarray) -> float:
    """Pixels of a mm under a face frame's map (2, 3)."""
    return float(np.sqrt(abs(np.linalg.det(to_picture[:, :2]))))


def millimetres(to_picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels to mm of the face, float32; `x` and `y` may be a row and a column."""
    back = np.linalg.inv(to_picture[:, :2])
    shift = -back @ to_picture[:, 2]
    mx, my = ((back[row, 0] * x + back[row, 1] * y + shift[row]).astype(np.float32) for row in (0, 1))
    return mx, my
