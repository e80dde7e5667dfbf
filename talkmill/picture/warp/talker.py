"""A face that speaks, drawn into its own pictures: the one object that knows a clip's face and puts a pose on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from talkmill.picture.warp import fields
from talkmill.picture.warp.interior import Light, paint
from talkmill.picture.warp.place import NODES, Lips, Placed
from talkmill.picture.warp.pose import Pose

GRID = 5
"""Pixels between the points at which the fields are computed."""
SHOWN = 1.6
"""mm between lips at rest from which the picture shows what is in the mouth."""
BLUR = 0.22
"""mm over which the lips' edge goes over into the inside."""


@dataclass(frozen=True)
class Look:
    """What is taken from a picture once: the way from the landmarks' lip line to the dark line that is seen, at the nodes (mm);
    and whether the picture shows teeth."""

    snap: np.ndarray
    smiles: bool


def look(picture: np.ndarray, placed: Placed, index: int, red: int = 0) -> Look:
    """How the mouth of picture `index` looks; `picture` is (h, w, 3) uint8 with red in channel `red`.

    Landmarks miss the dark line between closed lips by up to 1.4 mm. The line is taken to be the darkest path from corner to
    corner within 2.2 mm, drawn towards the landmarks.
    """
    lips = placed.lips[index]
    assert lips is not None  # noqa: S101
    gap = float(np.median([one.gap for one in placed.lips if one is not None]))
    if gap >= SHOWN:
        return Look(np.zeros(NODES), True)
    reach, cell = 2.2, 0.1
    offsets = np.arange(-reach, reach + cell / 2, cell)
    middle = (lips.upper + lips.lower) / 2
    x = np.repeat(lips.x[:, None], len(offsets), 1)
    y = middle[:, None] + offsets
    place = placed.to_picture[index]
    px, py = (place[row, 0] * x + place[row, 1] * y + place[row, 2] for row in (0, 1))
    smooth = cv2.GaussianBlur(picture, (0, 0), max(0.25 * _size(place), 0.5))
    seen = cv2.remap(smooth, px.astype(np.float32), py.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    weights = np.array([0.2126, 0.7152, 0.0722]) if red == 0 else np.array([0.0722, 0.7152, 0.2126])
    luma = seen @ weights
    spread = max(float(luma.std()), 1.0)
    cost = luma / spread + 0.35 * (offsets / 1.0) ** 2
    snap = offsets[_cheapest(cost, 2)]
    kernel = np.hanning(9)[1:-1]
    snap = np.convolve(np.pad(snap, 3, mode="edge"), kernel / kernel.sum(), "valid")
    return Look(snap, False)


def _cheapest(cost: np.ndarray, step: int) -> np.ndarray:
    """Column of each row on the cheapest path from the first row to the last that moves `step` columns a row at most."""
    rows, columns = cost.shape
    total, came = cost.copy(), np.zeros((rows, columns), int)
    for row in range(1, rows):
        choices = np.full((2 * step + 1, columns), np.inf)
        for move in range(-step, step + 1):
            shifted = total[row - 1, max(0, -move) : columns - max(0, move)]
            choices[move + step, max(0, move) : columns - max(0, -move)] = shifted + 0.05 * abs(move)
        best = choices.argmin(axis=0)
        total[row] += choices[best, np.arange(columns)]
        came[row] = np.arange(columns) - (best - step)
    path = np.empty(rows, int)
    path[-1] = int(total[-1].argmin())
    for row in range(rows - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path


def _size(place: np.ndarray) -> float:
    """Pixels of a mm."""
    return float(np.sqrt(abs(np.linalg.det(place[:, :2]))))


class Talker:
    """Puts poses on the face of a clip. `red` is the channel of red in its pictures."""

    def __init__(self, placed: Placed, look: Look, red: int = 0) -> None:
        self.placed, self.look, self.red = placed, look, red

    def mouth(self, index: int, pose: Pose) -> fields.Mouth:
        """The mouth of picture `index` in a pose."""
        lips = self.placed.lips[index]
        assert lips is not None  # noqa: S101
        if not self.look.smiles:
            line = (lips.upper + lips.lower) / 2 + self.look.snap
            lips = Lips(lips.left, lips.right, line, line)
        return fields.Mouth(lips, pose, self.placed.chin, self.placed.nose)

    def box(self, index: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """left, top, right, bottom of what may change in picture `index` of `size` (width, height), in whole pixels."""
        side, above, below = fields.WINDOW
        lips = self.placed.lips[index]
        assert lips is not None  # noqa: S101
        middle = (lips.left + lips.right) / 2
        xs = np.array([middle - side, middle + side])
        ys = np.array([self.placed.nose - above, self.placed.chin + below])
        corners = np.array([(x, y, 1.0) for x in xs for y in ys]) @ self.placed.to_picture[index].T
        low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0)) + 1
        left, top = np.clip(low, 0, size).astype(int)
        right, bottom = np.clip(high, 0, size).astype(int)
        return int(left), int(top), int(right), int(bottom)

    def draw(self, picture: np.ndarray, index: int, pose: Pose) -> tuple[int, int, int, int]:
        """Put `pose` on the face in picture `index`, in place; the box (left, top, right, bottom) outside which nothing changed."""
        box = left, top, right, bottom = self.box(index, (picture.shape[1], picture.shape[0]))
        if right - left < 8 or bottom - top < 8:
            return box
        mouth = self.mouth(index, pose)
        place = self.placed.to_picture[index]
        maps = [self._map(mouth, place, box, above) for above in (True, False)]
        ex, above, below = fields.edges(mouth)
        side = self._side(place, box, ex, (above + np.maximum(above, below)) / 2)
        cv2.copyTo(maps[1], side, maps[0])
        moved = cv2.remap(picture, maps[0], None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        self._inside(picture, moved, mouth, place, box, (ex, above, below))
        picture[top:bottom, left:right] = moved
        return box

    def _map(self, mouth: fields.Mouth, place: np.ndarray, box: tuple[int, int, int, int], above: bool) -> np.ndarray:
        """(h, w, 2) float32: where in the picture each pixel of the box comes from in one layer."""
        left, top, right, bottom = box
        columns, rows = -(-(right - left) // GRID), -(-(bottom - top) // GRID)
        half = (GRID - 1) / 2
        px = (left + half + GRID * np.arange(columns, dtype=np.float32))[None, :]
        py = (top + half + GRID * np.arange(rows, dtype=np.float32))[:, None]
        x, y = _mm(place, px, py)
        sx, sy = fields.sources(mouth, x, y, above)
        dx, dy = sx - x, sy - y
        shift = np.stack([place[row, 0] * dx + place[row, 1] * dy for row in (0, 1)], axis=-1).astype(np.float32)
        full = cv2.resize(shift, (columns * GRID, rows * GRID), interpolation=cv2.INTER_LINEAR)[: bottom - top, : right - left]
        full[..., 0] += np.arange(left, right, dtype=np.float32)[None, :]
        full[..., 1] += np.arange(top, bottom, dtype=np.float32)[:, None]
        return np.ascontiguousarray(full)

    @staticmethod
    def _side(place: np.ndarray, box: tuple[int, int, int, int], x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """255 under the line of the lips, 0 above, (h, w)."""
        left, top, right, bottom = box
        mask = np.zeros((bottom - top, right - left), np.uint8)
        xs = np.concatenate([[x[0] - 500], x, [x[-1] + 500, x[-1] + 500, x[0] - 500]])
        ys = np.concatenate([[y[0]], y, [y[-1], y[-1] + 500, y[0] + 500]])
        points = np.column_stack([xs, ys, np.ones_like(xs)]) @ place.T - (left, top)
        cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, shift=4)
        return mask

    def _inside(
        self, picture: np.ndarray, moved: np.ndarray, mouth: fields.Mouth, place: np.ndarray, box: tuple[int, int, int, int],
        edges: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> None:  # fmt: skip
        """Paint what is seen between the lips into `moved`, the box's pixels."""
        ex, above, below = edges
        if float((below - above).max()) < 0.1:
            return
        ring = np.concatenate([np.column_stack([ex, above - 1]), np.column_stack([ex, np.maximum(above, below) + 1])])
        points = np.column_stack([ring, np.ones(len(ring))]) @ place.T
        left, top = np.maximum(np.floor(points.min(axis=0)).astype(int), box[:2])
        right, bottom = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 1, box[2:])
        if right <= left or bottom <= top:
            return
        x, y = _mm(
            place, np.arange(left, right, dtype=np.float32)[None, :], np.arange(top, bottom, dtype=np.float32)[:, None]
        )
        up, low = (np.interp(x, ex, values).astype(np.float32) for values in (above, below))
        inner = (x > ex[0]) & (x < ex[-1])
        blur = max(BLUR, 0.8 / _size(place))
        opened = np.clip((low - up) / blur, 0, 1)
        alpha = np.clip((y - up) / blur + 0.5, 0, 1) * np.clip((low - y) / blur + 0.5, 0, 1) * opened * inner
        made = paint(mouth, x, y, up, low, light_of(picture, self.placed, place, self.red))
        view = moved[top - box[1] : bottom - box[1], left - box[0] : right - box[0]]
        # Lips turn away from the light where they roll in.
        near = np.exp(-np.maximum(np.maximum(up - y, y - low), 0) / 0.7) * np.clip((low - up) / 2.0, 0, 1) * inner
        base = view * (1 - 0.25 * near[..., None])
        view[:] = np.clip(base + (made - base) * alpha[..., None] + 0.5, 0, 255).astype(np.uint8)


def _mm(place: np.ndarray, px: np.ndarray, py: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels to mm of the face, float32."""
    back = np.linalg.inv(place[:, :2])
    shift = -back @ place[:, 2]
    return tuple((back[row, 0] * px + back[row, 1] * py + shift[row]).astype(np.float32) for row in (0, 1))  # type: ignore[return-value]


def light_of(picture: np.ndarray, placed: Placed, place: np.ndarray, red: int) -> Light:
    """The light on the face: the colour of both cheeks in this picture."""
    sides = []
    for marks in ((50, 101, 205), (280, 330, 425)):
        x, y = placed.face[list(marks)].mean(axis=0)
        centre = place @ (x, y, 1.0)
        reach = max(6.0 * _size(place), 2.0)
        low = np.clip(np.floor(centre - reach).astype(int), 0, None)
        high = np.ceil(centre + reach).astype(int)
        patch = picture[low[1] : high[1], low[0] : high[0]]
        sides.append(patch.reshape(-1, 3).mean(axis=0).astype(np.float32) if patch.size else None)
    known = [one for one in sides if one is not None] or [np.full(3, 128, np.float32)]
    left, right = sides[0] if sides[0] is not None else known[0], sides[1] if sides[1] is not None else known[-1]
    return Light(left, right, red)
