"""A face for the tests: painted by numbers, with landmarks that are known exactly, in I420."""

import cv2
import numpy as np

from talkmill.media import frames
from talkmill.picture.warp.place import (
    CHEEK_MARKS,
    CHIN,
    LOWER_INNER,
    LOWER_OUTER,
    NOSE,
    RIGID,
    UPPER_INNER,
    UPPER_OUTER,
)  # fmt: skip

SIZE = (360, 480)
UNIT = 2.4
"""Pixels of a mm."""
MOUTH = (180.0, 320.0)
HALF = 25.0
"""Half the mouth's width, mm."""


def landmarks(gap=0.0, turn=0.0, scale=1.0, moved=(0.0, 0.0)):
    """(468, 2) pixels of a face whose lips are `gap` mm apart, turned by `turn` degrees about the mouth."""
    rng = np.random.default_rng(7)
    mm = rng.uniform((-60, -95), (60, 30), (468, 2))
    mm[33], mm[263], mm[133], mm[362] = (-45, -70), (45, -70), (-18, -69), (18, -69)
    for upper, lower, x0 in (((246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155), -45.0),
                             ((398, 384, 385, 386, 387, 388, 466), (382, 381, 380, 374, 373, 390, 249), 18.0)):  # fmt: skip
        for i, (high, low) in enumerate(zip(upper, lower, strict=True), 1):
            t = i / 8
            mm[high], mm[low] = (x0 + 27 * t, -70 - 16 * t * (1 - t)), (x0 + 27 * t, -70 + 16 * t * (1 - t))
    mm[NOSE], mm[CHIN] = (0, -20), (0, 36)
    mm[10], mm[1], mm[168] = (0, -120), (0, -30), (0, -72)
    for marks, side in zip(CHEEK_MARKS, (-1, 1), strict=True):
        for i, mark in enumerate(marks):
            mm[mark] = (side * (30 + i), -22 + 3 * i)
    at = np.linspace(-1, 1, 11)
    for group, lift in (
        (UPPER_INNER, -gap / 2),
        (LOWER_INNER, gap / 2),
        (UPPER_OUTER, -7 - gap / 2),
        (LOWER_OUTER, 8 + gap / 2),
    ):
        for t, mark in zip(at, group, strict=True):
            mm[mark] = (HALF * t, lift * (1 - t * t))
    assert len(set(RIGID)) == len(RIGID)
    a = np.radians(turn)
    return mm @ (np.array([(np.cos(a), -np.sin(a)), (np.sin(a), np.cos(a))]).T * UNIT * scale) + MOUTH + np.array(moved)


def picture(gap=0.0):
    """R'G'B' of the face: skin with a grain, eyes, lips, and teeth where they are apart."""
    width, height = SIZE
    rng = np.random.default_rng(3)
    image = np.full((height, width, 3), (90, 110, 140), np.float32)
    cx, cy = (int(v) for v in MOUTH)
    cv2.ellipse(image, (cx, cy - 90), (150, 195), 0, 0, 360, (205, 160, 135), -1, cv2.LINE_AA)
    image += cv2.GaussianBlur(rng.normal(0, 14, image.shape).astype(np.float32), (0, 0), 1.2)
    half = int(HALF * UNIT)
    cv2.ellipse(image, (cx, cy), (half + 6, int((8 + gap / 2) * UNIT)), 0, 0, 360, (175, 95, 95), -1, cv2.LINE_AA)
    if gap:
        cv2.ellipse(image, (cx, cy), (half, int(gap / 2 * UNIT)), 0, 0, 360, (225, 220, 205), -1, cv2.LINE_AA)
    else:
        cv2.line(image, (cx - half, cy), (cx + half, cy), (80, 40, 40), 2, cv2.LINE_AA)
    for side in (-1, 1):
        centre = (int(cx + side * 31.5 * UNIT), int(cy - 70 * UNIT))
        cv2.ellipse(image, centre, (int(13 * UNIT), int(4 * UNIT)), 0, 0, 360, (240, 240, 240), -1, cv2.LINE_AA)
        cv2.circle(image, centre, int(3.6 * UNIT), (40, 30, 30), -1, cv2.LINE_AA)
    return np.clip(image, 0, 255).astype(np.uint8)


def frame(gap=0.0):
    """The same in I420."""
    return frames.i420(picture(gap))
