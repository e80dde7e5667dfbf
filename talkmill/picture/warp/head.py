"""A head that turns, nods and leans a little in a still picture, by the depth of its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from talkmill.picture.warp.look import planes

GRID = 8
"""Pixels between the points at which the motion is computed."""
RING, END = 1.35, 1.95
"""The motion is whole up to `RING` times the head's ellipse, and has ended at `END` times."""


@dataclass(frozen=True)
class Motion:
    """Of one head in one frame. Degrees: `yaw` > 0 turns to the viewer's right, `pitch` > 0 nods down, `roll` > 0 leans clockwise;
    `rise` > 0: the head moves up by this share of its height (breath)."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    rise: float = 0.0


class Head:
    """One head in a still picture of `size` (width, height); `landmarks` are (468, 3) pixels, depth smaller is nearer."""

    def __init__(self, landmarks: np.ndarray, size: tuple[int, int]) -> None:
        points = np.asarray(landmarks, np.float64)[:468]
        forehead, chin = points[10, :2], points[152, :2]
        ears = points[[127, 234, 93, 356, 454, 323]]
        self.height = float(np.hypot(*(chin - forehead))) * 1.25  # the skull reaches above the forehead's landmark
        self.width = float(np.hypot(*(ears[:3, :2].mean(axis=0) - ears[3:, :2].mean(axis=0))))
        down = (chin - forehead) / np.hypot(*(chin - forehead))
        self.down = down
        self.centre = chin - down * self.height / 2
        self.neck = chin + down * 0.25 * self.height
        reach = END * max(self.height, self.width) / 2
        low = np.clip((self.centre - reach) // 2 * 2, 0, size).astype(int)
        high = np.clip((self.centre + reach) // 2 * 2 + 2, 0, size).astype(int)
        self.box = int(low[0]), int(low[1]), int(min(high[0], size[0])), int(min(high[1], size[1]))
        self._prepare(points, float(ears[:, 2].mean()))

    def _prepare(self, points: np.ndarray, back: float) -> None:
        left, top, right, bottom = self.box
        columns, rows = -(-(right - left) // GRID), -(-(bottom - top) // GRID)
        half = (GRID - 1) / 2
        self.x = (left + half + GRID * np.arange(columns))[None, :].repeat(rows, 0)
        self.y = (top + half + GRID * np.arange(rows))[:, None].repeat(columns, 1)
        # Depth towards the viewer from the ears' plane: a smooth surface through the landmarks, falling off to 0 around the head.
        total, weight = np.zeros((rows, columns)), np.full((rows, columns), 1e-3)
        near = np.maximum(back - points[:, 2], 0)
        at = np.clip(((points[:, :2] - (left, top)) / GRID).astype(int), 0, (columns - 1, rows - 1))
        np.add.at(total, (at[:, 1], at[:, 0]), near)
        np.add.at(weight, (at[:, 1], at[:, 0]), 1.0)
        sigma = 0.06 * self.width / GRID
        depth = np.zeros((rows, columns))
        known = np.zeros((rows, columns))
        for wider in (4, 2, 1):
            t, w = (cv2.GaussianBlur(one, (0, 0), sigma * wider) for one in (total, weight - 1e-3))
            share = np.clip(w / (0.35 * w.max()), 0, 1) if w.max() > 0 else w
            depth = depth * (1 - share) + share * t / np.maximum(w, 1e-9)
            known = np.maximum(known, share)
        self.depth = cv2.GaussianBlur(depth, (0, 0), sigma)
        across = np.array([-self.down[1], self.down[0]])
        u = ((self.x - self.centre[0]) * across[0] + (self.y - self.centre[1]) * across[1]) / (self.width / 2)
        v = ((self.x - self.centre[0]) * self.down[0] + (self.y - self.centre[1]) * self.down[1]) / (self.height / 2)
        far = np.clip((np.hypot(u, v) - RING) / (END - RING), 0, 1)
        fade = 1 - far * far * (3 - 2 * far)
        # Nothing moves at the box's edge, and so at the picture's, unless the picture ends within the head.
        self.fade = fade

    def shift(self, motion: Motion) -> np.ndarray:
        """(rows, columns, 2) float32: by how many pixels each point of the grid comes from elsewhere."""
        yaw, pitch, roll = np.radians((motion.yaw, motion.pitch, motion.roll))
        x, y = self.x, self.y
        for _ in range(2):
            depth = self._at(self.depth, x, y)
            dx = depth * np.sin(yaw) - (x - self.centre[0]) * (1 - np.cos(yaw))
            dy = depth * np.sin(pitch) - (y - self.centre[1]) * (1 - np.cos(pitch)) - motion.rise * self.height
            rx, ry = x - self.neck[0], y - self.neck[1]
            dx += rx * (np.cos(roll) - 1) - ry * np.sin(roll)
            dy += rx * np.sin(roll) + ry * (np.cos(roll) - 1)
            fade = self._at(self.fade, x, y)
            x, y = self.x - dx * fade, self.y - dy * fade
        return np.stack([x - self.x, y - self.y], axis=-1).astype(np.float32)

    def _at(self, values: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        half = (GRID - 1) / 2
        maps = [((axis - first - half) / GRID).astype(np.float32) for axis, first in ((x, self.box[0]), (y, self.box[1]))]
        return cv2.remap(values.astype(np.float32), *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def moved(frame: np.ndarray, heads: list[Head], motions: list[Motion]) -> np.ndarray:
    """A copy of an I420 frame in which the heads have moved; pixels out of their reach are those of `frame`."""
    made = frame.copy()
    for head, motion in zip(heads, motions, strict=True):
        source = made.copy() if len(heads) > 1 else frame
        shift = head.shift(motion)
        if float(np.abs(shift).max()) < 1e-3:
            continue
        left, top, right, bottom = head.box
        for number, (plane, out) in enumerate(zip(planes(source), planes(made), strict=True)):
            step = 1 if number == 0 else 2
            if number < 2:
                size = (shift.shape[1] * GRID // step, shift.shape[0] * GRID // step)
                maps = cv2.resize(shift, size, interpolation=cv2.INTER_LINEAR)[: (bottom - top) // step, : (right - left) // step]
                maps = maps / np.float32(step)
                maps[..., 0] += np.arange(left // step, right // step, dtype=np.float32)[None, :]
                maps[..., 1] += np.arange(top // step, bottom // step, dtype=np.float32)[:, None]
            out[top // step : bottom // step, left // step : right // step] = cv2.remap(
                plane, maps, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
    return made
