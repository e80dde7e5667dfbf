"""What is read from a clip's own pictures: where the lips' dark line is, whether teeth show, and the light on the face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from talkmill.picture.colour import MATRIX
from talkmill.picture.warp.interior import WEIGHTS, Light
from talkmill.picture.warp.place import CHEEK_MARKS, NODES, Lips, Placed, scale

SHOWN = 1.6
"""mm between lips at rest from which a picture shows what is in the mouth."""
LIP, UNLIKE, MOSTLY = 1.5, 18.0, 0.65
"""mm beyond a lip's inner edge that are lip for certain; and by how many levels of Y'CbCr how much of what is between parted
lips differs from them: between shut ones there is the line where they meet."""
REACH = 2.2
"""mm around the landmarks within which the dark line is looked for."""
WIDER = 3.0, 5.0, 0.62
"""Towards its corners an open mouth is larger than its landmarks: mm up to which the dark there is followed up and down, and
outwards; and luma against the cheeks under which it is dark."""
INVERSE = np.linalg.inv(MATRIX).astype(np.float32) * 255


@dataclass(frozen=True)
class Look:
    """Of one face in one clip. `snap`: the way from the landmarks' line of the lips to the dark line that is seen, at the nodes
    (mm). `teeth`: whether the pictures show teeth; then `lips` are as they are seen."""

    snap: np.ndarray
    teeth: bool
    lips: Lips | None = None


def planes(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Y', Cb, Cr of an I420 frame, uint8 (h * 3 // 2, w), as views of it."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    flat, quarter = frame.reshape(-1), width * height // 4
    cb, cr = (flat[at : at + quarter].reshape(height // 2, width // 2) for at in (width * height, width * height + quarter))
    return frame[:height], cb, cr


def look(frame: np.ndarray, placed: Placed, index: int, reach: float = REACH) -> Look:
    """How the mouth of an I420 picture looks that is number `index` of the clip.

    Landmarks miss the dark line between closed lips by up to 1.4 mm. The line is the darkest path from corner to corner within
    `reach` mm, drawn towards the landmarks by a square penalty.
    """
    lips = placed.lips[index]
    assert lips is not None  # noqa: S101 - asked for pictures with a face only
    gap = float(np.median([one.gap for one in placed.lips if one is not None]))
    if gap >= SHOWN and placed.resting and _parted(frame, lips, placed.to_picture[index]):
        return Look(np.zeros(NODES), True, _opened(frame, placed, index))
    offsets = np.arange(-reach, reach + 0.05, 0.1)
    x = np.repeat(lips.x[:, None], len(offsets), 1)
    y = ((lips.upper + lips.lower) / 2)[:, None] + offsets
    place = placed.to_picture[index]
    px, py = (place[row, 0] * x + place[row, 1] * y + place[row, 2] for row in (0, 1))
    smooth = cv2.GaussianBlur(planes(frame)[0], (0, 0), max(0.25 * scale(place), 0.5))
    luma = cv2.remap(smooth, px.astype(np.float32), py.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cost = luma / max(float(luma.std()), 1.0) + 0.35 * (offsets * REACH / reach) ** 2
    snap = offsets[_cheapest(cost, 2)]
    kernel = np.hanning(9)[1:-1]
    return Look(np.convolve(np.pad(snap, 3, mode="edge"), kernel / kernel.sum(), "valid"), False)


def _parted(frame: np.ndarray, lips: Lips, place: np.ndarray) -> bool:
    """Whether what lies between the lips' lines looks otherwise than the lips themselves: landmarks may see a gap between
    painted lips that are shut."""
    third = slice(NODES // 3, NODES - NODES // 3)
    x, up, low = lips.x[third], lips.upper[third], lips.lower[third]
    seen = []
    for rows in ([up + share * (low - up) for share in np.linspace(0.1, 0.9, 9)], [up - LIP, low + LIP]):
        points = [place @ np.stack([x, row, np.ones_like(x)]) for row in rows]
        px, py = (np.concatenate([one[axis] for one in points])[None, :].astype(np.float32) for axis in (0, 1))
        seen.append(
            np.stack([
                cv2.remap(plane, px / step, py / step, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0].astype(np.float32)
                for plane, step in zip(planes(frame), (1, 2, 2), strict=True)
            ])
        )  # fmt: skip
    between, lip = seen[0], np.median(seen[1], axis=1, keepdims=True)
    return bool((np.sqrt(((between - lip) ** 2).sum(axis=0)) >= UNLIKE).mean() > MOSTLY)


def _opened(frame: np.ndarray, placed: Placed, index: int) -> Lips:
    """The lips of a mouth that is open, from the landmarks' lines: in its outer parts the dark between the lips is followed
    until the skin begins. A smile has dark corners, which would stay open when the lips meet."""
    lips, place = placed.lips[index], placed.to_picture[index]
    assert lips is not None  # noqa: S101
    smooth = cv2.GaussianBlur(planes(frame)[0], (0, 0), max(0.12 * scale(place), 0.5))
    light = light_of(frame, placed, place)
    least = WIDER[2] * (float(((light.left + light.right) / 2) @ WEIGHTS) * 219 / 255 + 16)

    def luma(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        px, py = ((place[row, 0] * x + place[row, 1] * y + place[row, 2]).astype(np.float32) for row in (0, 1))
        return cv2.remap(smooth, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    about, steps = np.arange(-WIDER[0], WIDER[0] + 0.05, 0.1), np.arange(0.0, WIDER[1] + 0.05, 0.1)
    ends = []
    for corner, side in ((0, -1), (-1, 1)):
        x, y = np.broadcast_arrays((lips.x[corner] + side * steps)[:, None], (lips.upper[corner] + about)[None, :])
        dark = luma(x, y).min(axis=1) < least
        ends.append(float(lips.x[corner] + side * 0.1 * _run(dark[None, :])[0]))
    nodes = np.linspace(*ends, NODES)
    ways = np.arange(0.0, WIDER[0] + 0.05, 0.1)
    edges = [np.interp(nodes, lips.x, edge) for edge in (lips.upper, lips.lower)]
    beyond = (nodes < lips.left) | (nodes > lips.right)
    x, y = np.broadcast_arrays(nodes[:, None], edges[0][:, None] + about)
    darkest = about[luma(x, y).argmin(axis=1)]
    edges = [np.where(beyond, edge + darkest, edge) for edge in edges]
    # In the middle landmarks are right, and lips may be dark.
    outer = np.abs(2 * nodes - lips.left - lips.right) / (lips.right - lips.left)
    part = np.clip((outer - 0.45) / 0.2, 0, 1)
    made = []
    for edge, side in zip(edges, (-1, 1), strict=True):
        x, y = np.broadcast_arrays(nodes[:, None], edge[:, None] + side * ways)
        reach = 0.1 * _run(luma(x, y) < least) * part
        kernel = np.hanning(7)[1:-1]
        padded = np.pad(edge + side * reach, 2, mode="reflect", reflect_type="odd")
        made.append(np.convolve(padded, kernel / kernel.sum(), "valid"))
    for end in (0, -1):
        made[0][end] = made[1][end] = (made[0][end] + made[1][end]) / 2
    return Lips(*ends, np.minimum(*made), np.maximum(*made))


def _run(flags: np.ndarray) -> np.ndarray:
    """How many of each row are set before the first that is not."""
    return np.where(flags.all(axis=1), flags.shape[1] - 1, flags.argmin(axis=1))


def _cheapest(cost: np.ndarray, step: int) -> np.ndarray:
    """Column of each row on the cheapest path from the first row to the last that moves `step` columns a row at most."""
    rows, columns = cost.shape
    total, came = cost.astype(np.float64), np.zeros((rows, columns), int)
    for row in range(1, rows):
        choices = np.full((2 * step + 1, columns), np.inf)
        for move in range(-step, step + 1):
            before = total[row - 1, max(0, -move) : columns - max(0, move)]
            choices[move + step, max(0, move) : columns - max(0, -move)] = before + 0.05 * abs(move)
        best = choices.argmin(axis=0)
        total[row] += choices[best, np.arange(columns)]
        came[row] = np.arange(columns) - (best - step)
    path = np.empty(rows, int)
    path[-1] = int(total[-1].argmin())
    for row in range(rows - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path


def light_of(frame: np.ndarray, placed: Placed, place: np.ndarray) -> Light:
    """The light on the face in this picture: the mean colour of both cheeks."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    parts = planes(frame)
    sides = []
    reach = max(6.0 * scale(place), 4.0)
    for marks in CHEEK_MARKS:
        centre = place @ (*placed.face[list(marks)].mean(axis=0), 1.0)
        low = np.clip(np.floor((centre - reach) / 2), 0, None).astype(int)
        high = np.minimum(np.ceil((centre + reach) / 2), (width // 2, height // 2)).astype(int)
        if (high - low < 1).any():
            continue
        luma = parts[0][2 * low[1] : 2 * high[1], 2 * low[0] : 2 * high[0]]
        chroma = [plane[low[1] : high[1], low[0] : high[0]] for plane in parts[1:]]
        mean = np.array([luma.mean() - 16, chroma[0].mean() - 128, chroma[1].mean() - 128], np.float32)
        sides.append(np.clip(INVERSE @ mean, 8, 255).astype(np.float32))
    known = sides or [np.full(3, 128, np.float32)]
    return Light(known[0], known[-1])
