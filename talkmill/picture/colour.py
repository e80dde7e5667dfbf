"""Colour: RGB to and from BT.709 Y'CbCr in limited range, and layers that carry their alpha multiplied in.

Blending and interpolating are linear, so a layer whose Y', Cb and Cr are multiplied by alpha once (offsets included) gives the
same picture as blending in RGB and converting every frame. A layer is uint8 of shape (h, w, 4): Y', Cb, Cr, alpha.
"""

from __future__ import annotations

import cv2
import numpy as np

KR, KB = 0.2126, 0.0722
"""Luma weights of red and blue, ITU-R BT.709-6 item 3.2."""

MATRIX = np.array(
    [
        [219 * KR, 219 * (1 - KR - KB), 219 * KB],
        [-112 * KR / (1 - KB), -112 * (1 - KR - KB) / (1 - KB), 112],
        [112, -112 * (1 - KR - KB) / (1 - KR), -112 * KB / (1 - KR)],
    ],
    dtype=np.float32,
)
"""R'G'B' in 0..1 to Y'CbCr without offsets (BT.709-6 items 3.2 to 3.4, 8 bit)."""

OFFSET = np.array([16, 128, 128], dtype=np.float32)


def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ycc(colour: str) -> tuple[float, float, float]:
    """`#rrggbb` as Y', Cb, Cr."""
    made = MATRIX @ (np.array(rgb(colour), dtype=np.float32) / 255) + OFFSET
    return float(made[0]), float(made[1]), float(made[2])


def layer(rgba: np.ndarray) -> np.ndarray:
    """Straight-alpha RGBA, uint8 (h, w, 4), as a layer."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    made = np.empty(rgba.shape, np.uint8)
    flat = rgba[..., :3].astype(np.float32) / 255 @ MATRIX.T + OFFSET
    made[..., :3] = np.rint(flat * alpha)
    made[..., 3] = rgba[..., 3]
    return made


def over(below: np.ndarray, above: np.ndarray) -> None:
    """Blend layer `above` over `below`, in place; both of one shape."""
    rest = cv2.bitwise_not(above[..., 3])
    cv2.multiply(below, cv2.merge((rest, rest, rest, rest)), dst=below, scale=1 / 255)
    cv2.add(below, above, dst=below)


class Planes:
    """A picture in I420: `y` (h, w), `u` and `v` (h/2, w/2), all views of one array `data` of shape (h * 3 // 2, w)."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.data = np.empty((height * 3 // 2, width), np.uint8)
        quarter = width * height // 4
        flat = self.data.reshape(-1)
        self.y = self.data[:height]
        self.u = flat[width * height : width * height + quarter].reshape(height // 2, width // 2)
        self.v = flat[width * height + quarter :].reshape(height // 2, width // 2)

    def blend(self, image: np.ndarray, x: int, y: int) -> None:
        """Blend a layer over the picture with its upper left corner at (x, y): even, and wholly inside."""
        height, width = image.shape[:2]
        luma, cb, cr, alpha = cv2.split(image)
        half = (width // 2, height // 2)
        planes = ((self.y[y : y + height, x : x + width], luma, alpha),)
        small = cv2.resize(alpha, half, interpolation=cv2.INTER_AREA)
        area = (slice(y // 2, (y + height) // 2), slice(x // 2, (x + width) // 2))
        planes += (
            (self.u[area], cv2.resize(cb, half, interpolation=cv2.INTER_AREA), small),
            (self.v[area], cv2.resize(cr, half, interpolation=cv2.INTER_AREA), small),
        )
        for below, above, cover in planes:
            made = cv2.multiply(below, cv2.bitwise_not(cover), scale=1 / 255)
            cv2.add(made, above, dst=made)
            below[...] = made

    def copy(self) -> Planes:
        """Another picture of the same content."""
        made = Planes(self.width, self.height)
        made.data[...] = self.data
        return made

    @classmethod
    def of(cls, picture: np.ndarray, seed: int) -> Planes:
        """R'G'B' in 0..1, float32 (h, w, 3), dithered by less than one step so that gradients show no bands."""
        height, width = picture.shape[:2]
        made = cls(width, height)
        noise = np.random.default_rng(seed)
        half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        for index, (plane, source) in enumerate(((made.y, picture), (made.u, half), (made.v, half))):
            values = source @ MATRIX[index]
            values += noise.random(values.shape, dtype=np.float32) + OFFSET[index]
            plane[...] = np.clip(np.floor(values), 0, 255)
        return made


def to_rgb(frame: np.ndarray) -> np.ndarray:
    """An I420 frame, uint8 (h * 3 // 2, w), as R'G'B', uint8 (h, w, 3)."""
    height, width = frame.shape[0] * 2 // 3, frame.shape[1]
    planes = Planes(width, height)
    planes.data[...] = frame
    full = [planes.y.astype(np.float32)]
    full += [cv2.resize(p.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) for p in (planes.u, planes.v)]
    flat = (np.dstack(full) - OFFSET) @ np.linalg.inv(MATRIX).T.astype(np.float32)
    return np.clip(np.rint(flat * 255), 0, 255).astype(np.uint8)
