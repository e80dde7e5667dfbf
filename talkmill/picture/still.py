"""A photograph that is alive: heads that turn a little in depth, a chest that breathes. A pure function of the time.

Each head is moved by the depth of its own landmarks: what is near moves more than what is far, and all of it fades out around
the head, so that the background stays. Nothing is moved at time 0.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import cv2
import numpy as np

from talkmill.media.faces import CHIN, Face

GRID = 8
"""Pixels between the points at which motion is computed."""
YAW, PITCH, ROLL = 1.7, 1.3, 0.7
"""Degrees that a head turns at most: what is left of looking into a camera without moving."""
BREATH = 0.006
"""Share by which the picture below the chin rises and widens with a breath."""
BREATHS = 2
"""Breaths in one round: at 8 seconds, 15 a minute."""
SPREAD = 0.13
"""Reach of one landmark's depth, in sizes of the face."""


class Still:
    """An I420 picture and its faces; `draw` gives it at a time."""

    def __init__(self, frame: np.ndarray, faces: Sequence[Face], seed: str, strength: float = 1.0) -> None:
        self.width, self.height = frame.shape[1], frame.shape[0] * 2 // 3
        self.frame, self.strength = frame, strength
        self.xs = (np.arange(0, self.width + GRID, GRID, dtype=np.float32))[None, :]
        self.ys = (np.arange(0, self.height + GRID, GRID, dtype=np.float32))[:, None]
        self.heads = [_Head(face, self.xs, self.ys, f"{seed} {number}") for number, face in enumerate(faces)]
        chin = max((float(face.landmarks[CHIN, 1]) for face in faces), default=0.5 * self.height)
        below = np.clip((self.ys - chin) / max(0.25 * self.height, 1), 0, 1)
        middle = np.mean([face.landmarks[CHIN, 0] for face in faces]) if faces else self.width / 2
        soft = below * below * (3 - 2 * below)
        self.breath_x = soft * (self.xs - np.float32(middle)) * BREATH
        self.breath_y = np.broadcast_to(-soft * 0.5 * BREATH * self.height, self.breath_x.shape)

    def draw(self, share: float, picture: np.ndarray | None = None) -> np.ndarray:
        """The frame at `share` (0..1) of a round, I420; at 0 and 1 the picture itself. `picture`: the same with shut eyes."""
        breath = (1 - math.cos(2 * math.pi * BREATHS * share)) / 2 * self.strength
        dx, dy = self.breath_x * breath, self.breath_y * breath
        for head in self.heads:
            moved = head.motion(share, self.strength)
            dx, dy = dx + moved[0], dy + moved[1]
        made = np.empty_like(self.frame)
        quarter = self.width * self.height // 4
        old, new = (self.frame if picture is None else picture).reshape(-1), made.reshape(-1)
        new[: self.width * self.height] = self._warped(
            old[: self.width * self.height].reshape(self.height, self.width), dx, dy, 1
        ).reshape(-1)
        maps = self._maps(dx, dy, 2)
        for at in (self.width * self.height, self.width * self.height + quarter):
            plane = old[at : at + quarter].reshape(self.height // 2, self.width // 2)
            new[at : at + quarter] = cv2.remap(plane, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101).reshape(-1)
        return made

    def _warped(self, plane: np.ndarray, dx: np.ndarray, dy: np.ndarray, step: int) -> np.ndarray:
        return cv2.remap(plane, *self._maps(dx, dy, step), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)

    def _maps(self, dx: np.ndarray, dy: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Where each pixel of a plane comes from; `step` is 2 for the planes of colour."""
        width, height = self.width // step, self.height // step
        place = np.array([[step / GRID, 0, 0], [0, step / GRID, 0]], np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        x = cv2.warpAffine(np.ascontiguousarray(dx, np.float32), place, (width, height), flags=flags)
        y = cv2.warpAffine(np.ascontiguousarray(dy, np.float32), place, (width, height), flags=flags)
        x = np.arange(width, dtype=np.float32)[None, :] - x / np.float32(step)
        y = np.arange(height, dtype=np.float32)[:, None] - y / np.float32(step)
        return x, y


class _Head:
    """What one head's turns do to the picture."""

    def __init__(self, face: Face, xs: np.ndarray, ys: np.ndarray, seed: str) -> None:
        left, top, right, bottom = face.box
        width, height = right - left, bottom - top
        self.rng = random.Random(seed)  # noqa: S311 - not for secrets
        # The skull reaches about a third of the face above the landmarks.
        centre_x, centre_y = (left + right) / 2, top + 0.42 * height
        away = np.hypot((xs - centre_x) / (0.62 * width), (ys - centre_y) / (0.78 * height))
        fade = np.clip((1.75 - away) / 0.75, 0, 1)
        fade = (fade * fade * (3 - 2 * fade)).astype(np.float32)
        depth = _depth(face.landmarks, xs, ys, SPREAD * face.size)
        near = (float(np.percentile(face.landmarks[:, 2], 92)) - depth) * fade
        self.side, self.rise = near.astype(np.float32), -near.astype(np.float32)
        neck_x, neck_y = float(face.landmarks[CHIN, 0]), bottom + 0.25 * height
        self.roll_x, self.roll_y = -(ys - neck_y) * fade, (xs - neck_x) * fade
        self.shares = [self.rng.uniform(0.35, 0.65) for _ in range(3)]
        self.ways = [self.rng.choice((-1.0, 1.0)) for _ in range(3)]

    def motion(self, share: float, strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Displacement in pixels at the grid's points."""
        turn = 2 * math.pi * share
        waves = (
            (math.sin(turn), math.sin(3 * turn)),
            (math.sin(2 * turn), (math.cos(turn) - 1) / 2),
            (math.sin(turn + math.pi / 3) - math.sin(math.pi / 3), math.sin(2 * turn)),
        )
        yaw, pitch, roll = (
            math.radians(most) * strength * way * (part * slow + (1 - part) * quick)
            for most, way, part, (slow, quick) in zip((YAW, PITCH, ROLL), self.ways, self.shares, waves, strict=True)
        )
        return yaw * self.side + roll * self.roll_x, pitch * self.rise + roll * self.roll_y


def _depth(landmarks: np.ndarray, xs: np.ndarray, ys: np.ndarray, reach: float) -> np.ndarray:
    """Depth at the grid's points: the landmarks' own, averaged by nearness, and going on level outside of them."""
    total = np.full((ys.shape[0], xs.shape[1]), 1e-6, np.float32)
    held = total * float(np.percentile(landmarks[:, 2], 92))
    for x, y, z in landmarks[::2]:
        weight = np.exp(-((xs - x) ** 2) / (2 * reach**2)) * np.exp(-((ys - y) ** 2) / (2 * reach**2))
        total += weight
        held += weight * z
    return held / total
