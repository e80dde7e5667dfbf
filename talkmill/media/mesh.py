"""The two nets behind `talkmill.media.faces`: MediaPipe's face detector (BlazeFace, short range) and face mesh of 468 points.

Both are Apache-2.0 and run by OpenCV's own reader of TensorFlow Lite files: within 0.0001 px of what LiteRT gives, 2 ms a face,
and no further package. Steps and constants are those of MediaPipe's graphs (face_detection_short_range, face_landmark_cpu).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from talkmill.media import weights

POINTS = 468
SURE = 0.5
"""Score from which the detector's box counts, and presence from which the mesh's does."""
OVERLAP = 0.4
"""Share of the smaller box that lies in the other from which two boxes are one face."""
DETECTOR, MESH = 128, 192
"""Sides of the two nets' inputs in pixels."""
MARGIN = 1.5
"""The mesh looks at a square of this many times the face's box."""


@lru_cache(maxsize=1)
def _nets() -> tuple[Any, Any]:
    """Detector and mesh.

    Raises:
        PrerequisiteError: the weights are not there.
    """
    found = [str(weights.path(weights.FACE_MESH, name)) for name in ("detector.tflite", "mesh.tflite")]
    engine = getattr(cv2.dnn, "ENGINE_CLASSIC", None)  # the one that gives both outputs of the mesh
    extra = () if engine is None else (engine,)
    detector, mesh = (cv2.dnn.readNetFromTFLite(name, *extra) for name in found)
    return detector, mesh


@lru_cache(maxsize=1)
def _anchors() -> np.ndarray:
    """Centres of the detector's 896 anchors in 0..1: 2 in each of 16x16 cells, 6 in each of 8x8."""
    made = []
    for cells, count in ((16, 2), (8, 6)):
        y, x = np.mgrid[0:cells, 0:cells]
        centres = (np.stack([x, y], -1).reshape(-1, 2) + 0.5) / cells
        made.append(np.repeat(centres, count, axis=0))
    return np.concatenate(made)


def detect(picture: np.ndarray) -> list[np.ndarray]:
    """Boxes: (left, top, right, bottom, score, six points x, y), the surest first, each face once."""
    height, width = picture.shape[:2]
    side = max(height, width)
    areas = [(width / 2 - side / 2, height / 2 - side / 2, side)]
    short = min(height, width)
    for size in (short, short / 2):
        step_x, step_y = (max(1, math.ceil((length - size) / (size * 0.6))) for length in (width, height))
        if size == short and width == height:
            continue
        for row in range(step_y + 1 if height > size else 1):
            for column in range(step_x + 1 if width > size else 1):
                areas.append(((width - size) * column / step_x, (height - size) * row / step_y, size))
    found = [box for area in areas for box in _detect_square(picture, *area)]
    kept: list[np.ndarray] = []
    for box in sorted(found, key=lambda one: -one[4]):
        if all(common(box[:4], other[:4]) < OVERLAP for other in kept):
            kept.append(box)
    return kept


def _detect_square(picture: np.ndarray, left: float, top: float, side: float) -> list[np.ndarray]:
    """The detector on one square, which may reach beyond the picture."""
    detector, _ = _nets()
    image = _crop(picture, left + side / 2, top + side / 2, side, 0.0, DETECTOR)
    blob = np.ascontiguousarray((image.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
    detector.setInput(blob)
    raw, scores = detector.forward(["regressors", "classificators"])
    scores = 1 / (1 + np.exp(-np.clip(scores.reshape(-1).astype(np.float64), -100, 100)))
    raw = raw.reshape(-1, 16)
    made = []
    for index in np.flatnonzero(scores >= SURE):
        values = raw[index] / DETECTOR
        values = values.reshape(-1, 2).copy()
        values[0] += _anchors()[index]
        values[2:] += _anchors()[index]
        centre, half = values[0] * side + (left, top), values[1] * side / 2
        points = values[2:] * side + (left, top)
        made.append(np.concatenate([centre - half, centre + half, [scores[index]], points.reshape(-1)]))
    return made


def square_of_box(box: np.ndarray) -> tuple[float, float, float, float]:
    """Where the mesh looks first: centre x, y, side, angle in radians; the eyes level."""
    (x0, y0), (x1, y1) = box[5:7], box[7:9]
    return (
        float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, MARGIN * float(max(box[2] - box[0], box[3] - box[1])),
        math.atan2(y1 - y0, x1 - x0),
    )  # fmt: skip


def square_of_points(landmarks: np.ndarray) -> tuple[float, float, float, float]:
    """Where the mesh looks next: around the face that it has found."""
    flat = landmarks[:, :2]
    angle = math.atan2(*(flat[263] - flat[33])[::-1])
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]], np.float32)
    upright = flat @ turn.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    centre = (low + high) / 2 @ turn
    return float(centre[0]), float(centre[1]), MARGIN * float((high - low).max()), angle


def _crop(picture: np.ndarray, x: float, y: float, side: float, angle: float, size: int) -> np.ndarray:
    """A turned square of the picture at `size` pixels, black outside of the picture."""
    scale = size / side
    source = picture
    if scale < 0.5:  # a plain average first, so that nothing is skipped
        times = int(1 / scale)
        source = cv2.resize(picture, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)
        fx, fy = source.shape[1] / picture.shape[1], source.shape[0] / picture.shape[0]
    else:
        fx = fy = 1.0
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    matrix = np.array([
        [cos / fx, sin / fy, size / 2 - cos * x - sin * y],
        [-sin / fx, cos / fy, size / 2 + sin * x - cos * y],
    ])  # fmt: skip
    return cv2.warpAffine(source, matrix, (size, size), flags=cv2.INTER_LINEAR)


def refine(
    picture: np.ndarray, square: tuple[float, float, float, float], score: float, rounds: int
) -> tuple[np.ndarray, float] | None:
    """The mesh of the face in a turned square, looked at again around what was found; None where it is no face."""
    _, mesh = _nets()
    landmarks = None
    for _ in range(rounds):
        x, y, side, angle = square
        if not side > 8:
            return None
        image = _crop(picture, x, y, side, angle, MESH)
        mesh.setInput(np.ascontiguousarray((image.astype(np.float32) / 255).transpose(2, 0, 1)[None]))
        points, presence = mesh.forward(["conv2d_21", "conv2d_31"])
        sure = 1 / (1 + math.exp(-float(presence.reshape(-1)[0])))
        if sure < SURE:
            return None
        values = points.reshape(POINTS, 3)
        flat, cos, sin = (values[:, :2] - MESH / 2) * (side / MESH), math.cos(angle), math.sin(angle)
        landmarks = np.empty((POINTS, 3), np.float32)
        landmarks[:, 0] = flat[:, 0] * cos - flat[:, 1] * sin + x
        landmarks[:, 1] = flat[:, 0] * sin + flat[:, 1] * cos + y
        landmarks[:, 2] = values[:, 2] * (side / MESH)
        square = square_of_points(landmarks)
        score = min(score, sure) if rounds > 1 else sure
    return landmarks, score


def common(one: Any, other: Any) -> float:
    """Common area of two boxes over that of the smaller one."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
