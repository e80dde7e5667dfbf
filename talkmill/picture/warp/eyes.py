"""Lids that close over a photographed eye.

A lid is skin from above the eye, drawn down over it. The skin is taken from a few millimetres above the lashes, because the
lash line itself would be drawn down as streaks, and only the lowest part stretches, because more would pull at glasses and
brows. The lash line is drawn anew, in the colour that the picture has along its lids.
"""

from __future__ import annotations

import random

import cv2
import numpy as np

from talkmill.picture.colour import OFFSET
from talkmill.picture.warp.look import planes
from talkmill.picture.warp.place import Placed, millimetres, scale

EYES = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263)),
)
"""Upper and lower lid of the eye at the viewer's left and right, from left to right."""
MOST = 0.93
"""How far a lid comes down of the way to the lower one."""
CLEAR = 2.3
"""mm above the lid's edge from which skin is clean of lashes and of the lid's shadow."""
STRETCH = 2.2
"""mm of skin above that which stretch. It becomes several times as long; a lid is smooth, so that does not show."""
LASHES = 0.6
"""Thickness of the drawn line of lashes, mm."""
OPEN = 2.5
"""mm between the lids under which an eye counts as shut already: nothing is done."""


DOWN, SHUT, UP = 0.085, 0.035, 0.150
"""Seconds in which lids fall, stay and rise, as drawn faces blink too."""
FIRST, APART = (1.2, 2.4), (2.4, 4.8)
"""Seconds to the first blink, and between two."""


def lids(frames: int, fps: int, seed: str) -> np.ndarray:
    """How far the lids are down (0..1) in each frame of a clip of somebody who waits; open at both of its ends."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    times, whole = np.arange(frames) / fps, DOWN + SHUT + UP
    out = np.zeros(frames)
    now = rng.uniform(*FIRST)
    while now + whole + 0.3 < frames / fps:
        out = np.maximum(out, _smooth(np.minimum((times - now) / DOWN, (now + whole - times) / UP)))
        out[int(np.argmin(np.abs(times - (now + DOWN + SHUT / 2))))] = 1.0
        now += rng.uniform(*APART)
    return out


def blink(frame: np.ndarray, placed: Placed, index: int, amount: float) -> None:
    """Close both eyes of picture `index` by `amount` (0..1) in an I420 frame, in place. Changes only what lies between the
    brows and the lower lids."""
    if amount <= 0.01 or not placed.seen[index]:
        return
    for upper, lower in EYES:
        _close(frame, placed, index, upper, lower, amount)


def _close(
    frame: np.ndarray, placed: Placed, index: int, upper: tuple[int, ...], lower: tuple[int, ...], amount: float
) -> None:
    place = placed.to_picture[index]
    lids = [placed.face[list(group)] for group in (upper, lower)]
    left, right = float(lids[0][0, 0]), float(lids[0][-1, 0])
    at = np.linspace(left, right, 33)
    high, low = (_curve(at, points) for points in lids)
    low = np.maximum(high, low)
    if float((low - high).max()) < OPEN:
        return
    top = float(high.min()) - CLEAR - STRETCH - 1
    box = _box(place, (left - 2, top, right + 2, float(low.max()) + 1.5), frame)
    if box[2] - box[0] < 4 or box[3] - box[1] < 4:
        return
    step = min(1.0, 3 * amount)
    margin = CLEAR * float(_smooth(step))
    for number, plane in enumerate(planes(frame)):
        half = 1 if number == 0 else 2
        first, top_, last, end = (edge // half for edge in box)
        px = np.arange(first, last, dtype=np.float32)[None, :] * half + (half - 1) / 2
        py = np.arange(top_, end, dtype=np.float32)[:, None] * half + (half - 1) / 2
        x, y = millimetres(place, px, py)
        up, down = (np.interp(x, at, values).astype(np.float32) for values in (high, low))
        edge = up + amount * MOST * (down - up)
        # Towards the corners of the eye the lid has no way to go, and nothing to be cleared of.
        open_ = _smooth((down - up) / 5.0) * ((x > left) & (x < right))
        clear = margin * open_
        start = up - CLEAR - STRETCH
        share = np.clip((y - start) / np.maximum(edge - start, 0.1), 0, 1)
        source = start + share * (up - clear - start)
        inside = (y > start) & (y < edge + 0.5) & (open_ > 0)
        dy = np.where(inside, source - y, 0).astype(np.float32)
        maps = np.stack([(px + place[0, 1] * dy) / half, (py + place[1, 1] * dy) / half], axis=-1)
        maps -= (half - 1) / 2 / half
        made = cv2.remap(plane, maps.astype(np.float32), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        calm = cv2.GaussianBlur(made, (0, 0), max(0.9 * scale(place) / half, 0.5)).astype(np.float32)
        low_lid = step * _smooth((y - up + clear) / 2.0)  # lashes that stretched along are evened out
        made = made + (calm - made) * low_lid
        soft = max(0.25, 0.8 / scale(place))
        cover = np.clip((edge - y) / soft + 0.5, 0, 1) * inside
        view = plane[top_:end, first:last]
        out = view + (made - view) * cover
        # The lid's round: a little darker towards its edge, and the lashes.
        round_ = 0.10 * np.exp(-np.maximum(edge - y, 0) / 2.2) * cover * step
        line = 0.60 * np.exp(-(((y - edge) / LASHES) ** 2)) * open_ * step
        dark = np.maximum(round_, line)
        out = out + (OFFSET[number] - out) * dark * (1 if number == 0 else 0.5)
        view[:] = np.clip(out + 0.5, 0, 255).astype(np.uint8)


def _smooth(value: np.ndarray | float) -> np.ndarray:
    value = np.clip(value, 0, 1)
    return value * value * (3 - 2 * value)


def _curve(at: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A smooth line through both corners and near the points between: a polynomial, like the lips' lines."""
    (left, y0), (right, y1) = points[0], points[-1]
    t = (2 * points[1:-1, 0] - left - right) / (right - left)
    t = np.clip(t, -0.98, 0.98)
    straight = y0 + (y1 - y0) * (t + 1) / 2
    basis = (1 - t**2)[:, None] * t[:, None] ** np.arange(3)
    weights = np.linalg.lstsq(basis, points[1:-1, 1] - straight, rcond=None)[0]
    u = (2 * at - left - right) / (right - left)
    return y0 + (y1 - y0) * (u + 1) / 2 + ((1 - u**2)[:, None] * u[:, None] ** np.arange(3)) @ weights


def _box(place: np.ndarray, area: tuple[float, float, float, float], frame: np.ndarray) -> tuple[int, int, int, int]:
    """Pixels (even) around a rectangle in mm."""
    corners = np.array([(x, y, 1.0) for x in (area[0], area[2]) for y in (area[1], area[3])]) @ place.T
    size = (frame.shape[1], frame.shape[0] * 2 // 3)
    low = np.clip(corners.min(axis=0) // 2 * 2, 0, size).astype(int)
    high = np.clip(-(-corners.max(axis=0) // 2) * 2, 0, size).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
