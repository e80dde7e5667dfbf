"""What is wrong with a picture as a picture: compression, blur, light. Pure measures on luma; no face is looked for here."""

from __future__ import annotations

import cv2
import numpy as np


def luma(picture: np.ndarray) -> np.ndarray:
    """R'G'B' uint8 as BT.709 luma, float32 in 0..255."""
    return picture.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)


def blockiness(values: np.ndarray) -> float:
    """How far steps at the lines of an 8-pixel grid stand above those between them; 0: no blocks, 1: twice as high.

    The grid's place is searched, so that it is found after a crop, and in whatever file the picture lies now.
    The idea is that of Wang, Sheikh and Bovik, *No-reference perceptual quality assessment of JPEG compressed images* (2002).
    """
    found = []
    for axis in (0, 1):
        steps = np.abs(np.diff(values, axis=axis))
        steps = np.minimum(steps, 24)  # an edge of the picture is no block
        lines = steps.mean(axis=1 - axis)
        if len(lines) < 32:
            return 0.0
        means = np.array([lines[phase::8].mean() for phase in range(8)])
        at = int(means.argmax())
        rest = np.median(np.delete(means, at))
        found.append(means[at] / (rest + 0.25) - 1)
    return float(max(0.0, min(found)))


def sharpness(values: np.ndarray, size: float) -> float:
    """How much fine detail there is: standard deviation of the Laplacian where the face is brought to 256 pixels.

    `size` is the face's size in pixels of `values`. A face of fewer pixels is brought to that size as well, and so counts as
    blurred as it will look.
    """
    scale = 256 / max(size, 1.0)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(values, None, fx=scale, fy=scale, interpolation=method)
    small = cv2.GaussianBlur(small, (0, 0), 0.8)  # grain is no detail
    return float(cv2.Laplacian(small, cv2.CV_32F).std())


def motion_blur(values: np.ndarray) -> float:
    """How much less the picture varies along one direction than along the one across it: 1 none, 3 strong."""
    gx, gy = cv2.Sobel(values, cv2.CV_32F, 1, 0), cv2.Sobel(values, cv2.CV_32F, 0, 1)
    tensor = np.array([[np.mean(gx * gx), np.mean(gx * gy)], [np.mean(gx * gy), np.mean(gy * gy)]])
    low, high = np.linalg.eigvalsh(tensor)
    return float(np.sqrt(high / max(low, 1e-6)))
