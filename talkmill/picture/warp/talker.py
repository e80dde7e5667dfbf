"""A face that speaks, drawn into its own pictures: the one object that knows a clip's face and puts a pose on it."""

from __future__ import annotations

import cv2
import numpy as np

from talkmill.picture.colour import MATRIX, OFFSET
from talkmill.picture.warp import fields
from talkmill.picture.warp.interior import paint
from talkmill.picture.warp.look import INVERSE, Look, light_of, planes
from talkmill.picture.warp.place import Lips, Placed, millimetres, scale
from talkmill.picture.warp.pose import Pose

GRID = 6
"""Pixels between the points at which the fields are computed; even, so that both planes share them."""
BLUR = 0.22
"""mm over which the lips' edge goes over into the inside."""
ROLL = 0.25
"""How much darker lips are at the opening, where they turn away from the light."""

USUAL, BROAD = 45.0, 60.0
"""mm between the corners of a mouth that shows teeth without a smile, and with a broad one."""

SEAM = 0.42, 0.42, 1.6
"""Of the line between lips that a picture shows apart, drawn where they meet: how dark (share), how thick (mm), and the gap
(mm) from which it is not drawn. A picture of shut lips has the line itself."""

CREASE = 9.0, 2.4, 6.0, 7.0
"""The crease that goes on outwards from a mouth's corner, which stretched skin loses: mm to which it is followed, mm about the
line in which it lies, mm of its thickness at most, and mm by which a corner must have come inwards for it to be gone."""

Box = tuple[int, int, int, int]
"""left, top, right, bottom in whole pixels, even."""


class Talker:
    """Puts poses on one face of a clip."""

    def __init__(self, placed: Placed, look: Look) -> None:
        self.placed, self.look = placed, look

    @property
    def smile(self) -> float:
        """0..1: how broadly the pictures smile with teeth; while it speaks, a mouth leaves its smile."""
        lips = self.look.lips
        return round(min(max((lips.right - lips.left - USUAL) / (BROAD - USUAL), 0.0), 1.0), 3) if lips else 0.0

    def mouth(self, index: int, pose: Pose) -> fields.Mouth:
        """The mouth of picture `index` in a pose."""
        lips = self.placed.lips[index]
        assert lips is not None  # noqa: S101 - asked for pictures with a face only
        lips = self.look.lips or lips
        if not self.look.teeth:
            middle = (lips.upper + lips.lower) / 2 + self.look.snap
            # What is open in a clip in which the face speaks already is closed first.
            half = np.maximum((lips.lower - lips.upper) / 2 - 0.4, 0) if not self.placed.resting else 0.0
            lips = Lips(lips.left, lips.right, middle - half, middle + half)
        return fields.Mouth(lips, pose, self.placed.chin, self.placed.nose)

    def box(self, index: int, size: tuple[int, int]) -> Box:
        """What may change in picture `index` of `size` (width, height); both even."""
        side, above, below = fields.WINDOW
        lips = self.placed.lips[index]
        assert lips is not None  # noqa: S101
        middle = (lips.left + lips.right) / 2
        corners = [
            (x, y, 1.0) for x in (middle - side, middle + side) for y in (self.placed.nose - above, self.placed.chin + below)
        ]
        points = np.array(corners) @ self.placed.to_picture[index].T
        low, high = points.min(axis=0) // 2 * 2, -(-points.max(axis=0) // 2) * 2
        (left, top), (right, bottom) = (np.clip(edge, 0, size).astype(int).tolist() for edge in (low, high))
        return left, top, right, bottom

    def draw(self, frame: np.ndarray, index: int, pose: Pose) -> Box:
        """Put `pose` on the face in picture `index`, in place; gives a box outside of which nothing changed.

        `frame` is I420, uint8 (h * 3 // 2, w), writable.
        """
        height, width = frame.shape[0] * 2 // 3, frame.shape[1]
        box = left, top, right, bottom = self.box(index, (width, height))
        if pose.rests or right - left < 4 * GRID or bottom - top < 4 * GRID:
            return box
        mouth, place = self.mouth(index, pose), self.placed.to_picture[index]
        x, above, below = fields.edges(mouth)
        line = x, (above + np.maximum(above, below)) / 2
        spans = _spans(place, box, line)
        shift = [self._shift(mouth, place, box, layer, span) for layer, span in zip((True, False), spans, strict=True)]
        moved = []
        for number, plane in enumerate(planes(frame)):
            step = 1 if number == 0 else 2
            if number < 2:
                maps = _maps(shift, place, box, line, step)
            moved.append(cv2.remap(plane, maps, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))
        _unfold(moved, mouth, place, box, (x, above, below))
        self._inside(frame, moved, mouth, place, box, (x, above, below))
        for number, (plane, made) in enumerate(zip(planes(frame), moved, strict=True)):
            step = 1 if number == 0 else 2
            plane[top // step : bottom // step, left // step : right // step] = made
        return box

    @staticmethod
    def _shift(mouth: fields.Mouth, place: np.ndarray, box: Box, above: bool, span: tuple[int, int]) -> tuple[int, np.ndarray]:
        """The first row, and (rows, columns, 2) float32: by how many pixels each point of the grid comes from elsewhere, in one
        layer and the rows in which it is seen."""
        left, top, right, _ = box
        columns, half = -(-(right - left) // GRID), (GRID - 1) / 2
        px = (left + half + GRID * np.arange(columns, dtype=np.float32))[None, :]
        py = (top + half + GRID * np.arange(*span, dtype=np.float32))[:, None]
        x, y = millimetres(place, px, py)
        sx, sy = fields.sources(mouth, x, y, above)
        dx, dy = sx - x, sy - y
        return span[0], np.stack([place[row, 0] * dx + place[row, 1] * dy for row in (0, 1)], axis=-1).astype(np.float32)

    def _inside(
        self, frame: np.ndarray, moved: list[np.ndarray], mouth: fields.Mouth, place: np.ndarray, box: Box,
        edges: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> None:  # fmt: skip
        """Paint what is seen between the lips into `moved`, the box's three planes."""
        ex, above, below = edges
        if float((below - above).max()) < 0.1 and not self.look.teeth:
            return
        ring = np.concatenate([np.column_stack([ex, above - 2]), np.column_stack([ex, np.maximum(above, below) + 2])])
        points = np.column_stack([ring, np.ones(len(ring))]) @ place.T
        left, top = np.maximum(points.min(axis=0) // 2 * 2, box[:2]).astype(int)
        right, bottom = np.minimum(-(-points.max(axis=0) // 2) * 2, box[2:]).astype(int)
        if right <= left or bottom <= top:
            return
        columns, rows = np.arange(left, right, dtype=np.float32)[None, :], np.arange(top, bottom, dtype=np.float32)[:, None]
        x, y = millimetres(place, columns, rows)
        up, low = (np.interp(x, ex, values).astype(np.float32) for values in (above, below))
        inner = (x > ex[0]) & (x < ex[-1])
        blur = max(BLUR, 0.8 / scale(place))
        alpha = np.clip((y - up) / blur + 0.5, 0, 1) * np.clip((low - y) / blur + 0.5, 0, 1)
        alpha *= np.clip((low - up) / blur, 0, 1) * inner
        own = _rgb(frame, (left, top, right, bottom)) if self.look.teeth else None
        made = paint(mouth, x, y, up, low, light_of(frame, self.placed, place), own) @ (MATRIX.T / 255) + OFFSET
        near = ROLL * np.exp(-np.maximum(np.maximum(up - y, y - low), 0) / 0.7) * np.clip((low - up) / 2.0, 0, 1) * inner
        if self.look.teeth:
            share, thick, widest = SEAM
            t = np.clip((2 * x - ex[0] - ex[-1]) / (ex[-1] - ex[0]), -1, 1)
            met = np.clip(1 - (low - up) / widest, 0, 1) * (1 - t * t) ** 0.5 * mouth.pose.voice
            near = np.maximum(near, share * met * np.exp(-(((y - (up + np.maximum(up, low)) / 2) / thick) ** 2)))
        for number, plane in enumerate(moved):
            step = 1 if number == 0 else 2
            a, c, dark = (value if step == 1 else _halved(value) for value in (alpha, alpha * made[..., number], near))
            view = plane[(top - box[1]) // step : (bottom - box[1]) // step, (left - box[0]) // step : (right - box[0]) // step]
            base = view + (OFFSET[number] - view) * dark
            view[:] = np.clip(base * (1 - a) + c + 0.5, 0, 255).astype(np.uint8)


def _unfold(
    moved: list[np.ndarray], mouth: fields.Mouth, place: np.ndarray, box: Box,
    edges: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:  # fmt: skip
    """Take the crease away that goes outward from each corner of a mouth that is drawn together, in the box's three planes.

    It is where the lips met before, and would be seen as the end of the lips: the mouth would not look narrower.
    """
    far, about, thick, gone = CREASE
    share = min(-mouth.pose.width / gone, 1.0)
    if share <= 0.02:
        return
    x, above, below = edges
    size = scale(place)
    for end, side in ((0, -1.0), (-1, 1.0)):
        corner = float(x[end]), float(above[end] + below[end]) / 2
        points = [(corner[0] + side * dx, corner[1] + dy, 1.0) for dx in (-1.0, far + 1) for dy in (-2 * about, 2 * about)]
        ends = np.array(points) @ place.T - box[:2]
        most = (box[2] - box[0], box[3] - box[1])
        left, top = np.clip(ends.min(axis=0) // 2 * 2, 0, most).astype(int)
        right, bottom = np.clip(-(-ends.max(axis=0) // 2) * 2, 0, most).astype(int)
        if right - left < 4 or bottom - top < 4:
            continue
        columns = np.arange(left, right, dtype=np.float32)[None, :] + box[0]
        rows = np.arange(top, bottom, dtype=np.float32)[:, None] + box[1]
        px, py = millimetres(place, columns, rows)
        out = side * (px - corner[0])
        there = share * np.clip(out / 2.0, 0, 1) * np.clip((far - out) / 4.0, 0, 1) * np.exp(-(((py - corner[1]) / about) ** 4))
        for number, plane in enumerate(moved):
            step = 1 if number == 0 else 2
            view = plane[top // step : bottom // step, left // step : right // step]
            tall = max(round(thick * size / step), 3)
            calm = cv2.morphologyEx(view, cv2.MORPH_CLOSE, np.ones((tall, 1), np.uint8)) if number == 0 else view
            calm = cv2.GaussianBlur(calm, (0, 0), tall / 4, borderType=cv2.BORDER_REPLICATE).astype(np.float32)
            part = there if step == 1 else _halved(there)
            view[:] = np.clip(view + (calm - view) * part + 0.5, 0, 255).astype(np.uint8)


def _halved(values: np.ndarray) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), (values.shape[1] // 2, values.shape[0] // 2), interpolation=cv2.INTER_AREA)


Line = tuple[np.ndarray, np.ndarray]
"""x and y in mm of points on the line between the lips."""


def _ends(line: Line) -> np.ndarray:
    """(n, 3): the points of the line, and where it leaves the face on both sides."""
    x, y = line
    xs = np.concatenate([[x[0] - 500], x, [x[-1] + 500]])
    return np.column_stack([xs, np.concatenate([[y[0]], y, [y[-1]]]), np.ones_like(xs)])


def _spans(place: np.ndarray, box: Box, line: Line) -> tuple[tuple[int, int], tuple[int, int]]:
    """First row of the grid and the one after the last that are needed of the upper and of the lower layer."""
    left, top, right, bottom = box
    points = _ends(line) @ place.T
    across = np.clip(np.interp([left, right], points[:, 0], points[:, 1]), top, bottom)
    ys = [*across, *points[1:-1, 1]]
    rows = -(-(bottom - top) // GRID)
    low = max(0, int((min(ys) - top) // GRID) - 2)
    high = min(rows, int((max(ys) - top) // GRID) + 3)
    return (0, max(high, 1)), (min(low, rows - 1), rows)


def _maps(shifts: list[tuple[int, np.ndarray]], place: np.ndarray, box: Box, line: Line, step: int) -> np.ndarray:
    """(h, w, 2) float32: where in the plane each pixel of the box comes from, above the line from the upper layer, below it
    from the lower one; `step` 2 for the planes of half the size."""
    left, top, right, bottom = (edge // step for edge in box)
    width, height, cell = right - left, bottom - top, GRID // step
    full = np.empty((height, width, 2), np.float32)
    (_, upper), (start, lower) = (
        (first, cv2.resize(one, (one.shape[1] * cell, one.shape[0] * cell), interpolation=cv2.INTER_LINEAR)[:, :width])
        for first, one in shifts
    )
    # A layer is exact one row of the grid within its own edge.
    first = (start + 1) * cell if start else 0
    last = min(len(upper) - cell if len(upper) < height else height, height)
    full[:last] = upper[:last]
    full[last:] = lower[last - start * cell : height - start * cell]
    under = _side(place, box, line, step)[first:last]
    cv2.copyTo(np.ascontiguousarray(lower[first - start * cell : last - start * cell]), under, full[first:last])
    if step != 1:
        full /= np.float32(step)
    full[..., 0] += np.arange(left, right, dtype=np.float32)[None, :]
    full[..., 1] += np.arange(top, bottom, dtype=np.float32)[:, None]
    return full


def _side(place: np.ndarray, box: Box, line: Line, step: int) -> np.ndarray:
    """255 under the line of the lips, 0 above, (h, w)."""
    left, top, right, bottom = box
    mask = np.zeros(((bottom - top) // step, (right - left) // step), np.uint8)
    above = _ends(line)
    below = above[[-1, 0]] + (0, 500, 0)
    points = (np.concatenate([above, below]) @ place.T - (left, top)) / step - (0.25 if step == 2 else 0)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, shift=4)
    return mask


def _rgb(frame: np.ndarray, box: Box) -> np.ndarray:
    """A part of an I420 frame as R'G'B' 0..255, float32."""
    left, top, right, bottom = box
    luma, cb, cr = planes(frame)
    full = [luma[top:bottom, left:right].astype(np.float32)]
    for plane in (cb, cr):
        part = plane[top // 2 : bottom // 2, left // 2 : right // 2].astype(np.float32)
        full.append(cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR))
    return (np.dstack(full) - OFFSET) @ INVERSE.T
