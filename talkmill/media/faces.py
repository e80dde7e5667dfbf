"""Faces in pictures: where they are, 468 landmarks each, how the head is turned; and the same along a clip.

MediaPipe's face detector (BlazeFace, short range) and face mesh, both Apache-2.0, run by OpenCV's own reader of TensorFlow Lite
files: within 0.0001 px of what LiteRT gives, 2 ms a face, and no further package. Landmarks are numbered as MediaPipe numbers
them; the subject's right is on the picture's left. Steps and constants of the decoding are those of MediaPipe's graphs
(face_detection_short_range, face_landmark_cpu).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from talkmill.errors import MediaError
from talkmill.media import weights

POINTS = 468
OUTER_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
"""Around the lips from the picture's left corner by the lower lip to the right one, and back by the upper one."""
INNER_LIPS = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
"""Around the opening, in the same order."""
LEFT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
"""The eye on the picture's left: from its outer corner by the lower lid to the inner corner, and back by the upper lid."""
RIGHT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
"""The eye on the picture's right, likewise."""
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172,
    58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The face's outline, clockwise from the top of the forehead."""
FOREHEAD, CHIN, NOSE = 10, 152, 1
SYMMETRIC = ((33, 263), (133, 362), (61, 291), (234, 454), (127, 356), (93, 323), (172, 397), (70, 300), (105, 334), (205, 425))
"""Pairs of points that mirror each other: (picture's left, picture's right) of a frontal face."""

SURE = 0.5
"""Score from which the detector's box counts, and presence from which the mesh's does."""
OVERLAP = 0.3
"""Share of common area from which two boxes are one face."""
DETECTOR, MESH = 128, 192
"""Sides of the two nets' inputs in pixels."""
MARGIN = 1.5
"""The mesh looks at a square of this many times the face's box."""
GAP = 0.4
"""Seconds for which a face that is not found keeps its place: landmarks are interpolated, `seen` is false."""
WINDOW = 0.3
"""Seconds of the centred filter that smooths a track: a parabola by least squares (Savitzky and Golay 1964), so no lag."""


@dataclass(frozen=True)
class Face:
    """One face in one picture. Lengths are pixels of the picture, from its upper left corner."""

    landmarks: np.ndarray  # (468, 3) float32: x, y, and depth in the same unit, smaller is nearer
    yaw: float  # degrees; above 0 the face looks to the picture's right
    pitch: float  # degrees; above 0 it looks up
    roll: float  # degrees; above 0 the head leans clockwise
    score: float  # 0..1, the detector's or (tracked) the mesh's presence

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of the landmarks: forehead to chin, ear to ear."""
        x, y = self.landmarks[:, 0], self.landmarks[:, 1]
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    @property
    def size(self) -> float:
        """Height from forehead to chin or width, whichever is larger: what limits on a face's pixels mean."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)


@dataclass(frozen=True)
class Track:
    """The faces of a clip, from left to right as they first appear.

    `landmarks` (frames, faces, 468, 3) float32, as in `Face`, smoothed in time; NaN where a face is not there.
    `seen` (frames, faces) bool: found in this very frame. Where it is false and landmarks are given, they are interpolated.
    `pose` (frames, faces, 3) float32: yaw, pitch, roll in degrees; NaN like the landmarks.
    `scene` (frames,) int32: number of the shot of the user's clip, from 0; nothing is smoothed across a cut.
    """

    landmarks: np.ndarray
    seen: np.ndarray
    pose: np.ndarray
    scene: np.ndarray

    def save(self, path: Path) -> None:
        """Write it as .npz, the same bytes for the same track."""
        np.savez(path, landmarks=self.landmarks, seen=self.seen, pose=self.pose, scene=self.scene)

    @classmethod
    def load(cls, path: Path) -> Track:
        """Read it again.

        Raises:
            MediaError: the file is no track.
        """
        try:
            with np.load(path, allow_pickle=False) as held:
                return cls(held["landmarks"], held["seen"], held["pose"], held["scene"])
        except (OSError, ValueError, KeyError, EOFError):
            raise MediaError(f"{path.name}: is no track of faces. Make it again.") from None


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


def find(picture: np.ndarray) -> list[Face]:
    """Every face of an R'G'B' picture, uint8 (h, w, 3), from left to right.

    Looked for in the whole picture and, so that small faces in large pictures are found, in squares of it.

    Raises:
        PrerequisiteError: the weights are not there (`talkmill weights fetch face-mesh`).
    """
    found = []
    for box in _detect(picture):
        face = _refine(picture, _square_of_box(box), float(box[4]), rounds=3)
        if face is not None:
            found.append(face)
    kept: list[Face] = []
    for face in sorted(found, key=lambda one: (-one.size * one.score, one.box)):
        if all(_common(face.box, other.box) < OVERLAP for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda one: one.box)


class Tracker:
    """Landmarks along a clip: `add` each frame in order, then `finish`. Holds landmarks only, never pictures."""

    EVERY = 15  # frames after which new faces are looked for

    def __init__(self, fps: int) -> None:
        self.fps = fps
        self._rows: list[dict[int, Face]] = []
        self._scenes: list[int] = []
        self._last: dict[int, tuple[int, Face]] = {}
        self._next = 0
        self._small: np.ndarray | None = None
        self._changes: list[float] = []

    def add(self, picture: np.ndarray) -> list[Face]:
        """The faces of the next frame, R'G'B' uint8, not smoothed."""
        number = len(self._rows)
        cut = self._is_cut(picture)
        self._scenes.append((self._scenes[-1] if self._scenes else 0) + cut)
        if cut:
            self._last.clear()
        row: dict[int, Face] = {}
        for key, (_, before) in sorted(self._last.items()):
            face = _refine(picture, _square_of_points(before.landmarks), before.score, rounds=1)
            if face is not None and all(_common(face.box, other.box) < OVERLAP for other in row.values()):
                row[key] = face
        lost = len(row) < len(self._last) or not row
        if cut or not number or lost or number % self.EVERY == 0:
            for face in find(picture):
                if any(_common(face.box, other.box) >= OVERLAP for other in row.values()):
                    continue
                row[self._known(face, row)] = face
        for key, face in row.items():
            self._last[key] = (number, face)
        self._last = {key: item for key, item in self._last.items() if number - item[0] <= GAP * self.fps}
        self._rows.append(row)
        return [row[key] for key in sorted(row)]

    def _known(self, face: Face, row: dict[int, Face]) -> int:
        """The key of a face that is found anew: one that has just been lost nearby, else a new one."""
        for key, (_, before) in self._last.items():
            if key not in row and _common(face.box, before.box) > 0.1:
                return key
        self._next += 1
        return self._next - 1

    def _is_cut(self, picture: np.ndarray) -> bool:
        """Whether this frame belongs to another shot than the one before: it differs far more than frames have differed."""
        small = cv2.resize(picture, (48, 48), interpolation=cv2.INTER_AREA).astype(np.float32)
        small, before = small - small.mean(axis=(0, 1)) * 0.5, self._small
        self._small = small
        if before is None:
            return False
        change = float(np.abs(small - before).mean())
        usual = float(np.median(self._changes[-self.fps :])) if self._changes else 0.0
        self._changes.append(change)
        return change > 14 and change > 6 * usual

    def finish(self) -> Track:
        """The track of all frames that were added."""
        frames = len(self._rows)
        shots = sorted(set(self._scenes))
        keys = self._ordered(shots)
        faces = max((len(one) for one in keys.values()), default=0)
        landmarks = np.full((frames, faces, POINTS, 3), np.nan, np.float32)
        seen = np.zeros((frames, faces), bool)
        for number, row in enumerate(self._rows):
            for slot, key in enumerate(keys[self._scenes[number]]):
                if key in row:
                    landmarks[number, slot], seen[number, slot] = row[key].landmarks, True
        scene = np.array(self._scenes, np.int32)
        for shot in shots:
            span = np.flatnonzero(scene == shot)
            for slot in range(faces):
                part = slice(span[0], span[-1] + 1)
                landmarks[part, slot] = smoothed(landmarks[part, slot], seen[part, slot], self.fps)
        pose = np.full((frames, faces, 3), np.nan, np.float32)
        for number, slot in np.argwhere(~np.isnan(landmarks[:, :, 0, 0])):
            pose[number, slot] = _pose(landmarks[number, slot])
        return Track(landmarks, seen, pose, scene)

    def _ordered(self, shots: Iterable[int]) -> dict[int, list[int]]:
        """For each shot its faces from left to right; one that is there for less than a tenth of it is no face of it."""
        made = {}
        for shot in shots:
            rows = [row for row, number in zip(self._rows, self._scenes, strict=True) if number == shot]
            counts: dict[int, int] = {}
            places: dict[int, float] = {}
            for row in rows:
                for key, face in row.items():
                    counts[key] = counts.get(key, 0) + 1
                    places.setdefault(key, (face.box[0] + face.box[2]) / 2)
            made[shot] = sorted((key for key in counts if counts[key] >= 0.1 * len(rows)), key=places.__getitem__)
        return made


def track(frames: Iterable[np.ndarray], fps: int) -> Track:
    """The track of a whole clip, R'G'B' frames in order."""
    tracker = Tracker(fps)
    for picture in frames:
        tracker.add(picture)
    return tracker.finish()


def smoothed(landmarks: np.ndarray, seen: np.ndarray, fps: int) -> np.ndarray:
    """Landmarks (frames, 468, 3) of one face in one shot, smoothed without lag; short gaps are bridged, long ones stay NaN."""
    from scipy.signal import savgol_filter

    made = landmarks.copy()
    there = np.flatnonzero(seen)
    if not len(there):
        return made
    for before, after in zip(there[:-1], there[1:], strict=True):
        if 1 < after - before <= GAP * fps + 1:
            share = (np.arange(before + 1, after) - before)[:, None, None] / (after - before)
            made[before + 1 : after] = landmarks[before] * (1 - share) + landmarks[after] * share
    whole = ~np.isnan(made[:, 0, 0])
    edges = np.flatnonzero(np.diff(np.concatenate(([0], whole.astype(np.int8), [0]))))
    window = max(5, round(WINDOW * fps) | 1)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        length = min(window, (end - start) if (end - start) % 2 else end - start - 1)
        if length >= 5:
            made[start:end] = savgol_filter(made[start:end], length, 2, axis=0, mode="interp")
    return made


# --- the nets ------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _anchors() -> np.ndarray:
    """Centres of the detector's 896 anchors in 0..1: 2 in each of 16x16 cells, 6 in each of 8x8."""
    made = []
    for cells, count in ((16, 2), (8, 6)):
        y, x = np.mgrid[0:cells, 0:cells]
        centres = (np.stack([x, y], -1).reshape(-1, 2) + 0.5) / cells
        made.append(np.repeat(centres, count, axis=0))
    return np.concatenate(made)


def _detect(picture: np.ndarray) -> list[np.ndarray]:
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
        if all(_common(box[:4], other[:4]) < OVERLAP for other in kept):
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


def _square_of_box(box: np.ndarray) -> tuple[float, float, float, float]:
    """Where the mesh looks first: centre x, y, side, angle in radians; the eyes level."""
    (x0, y0), (x1, y1) = box[5:7], box[7:9]
    return (
        float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, MARGIN * float(max(box[2] - box[0], box[3] - box[1])),
        math.atan2(y1 - y0, x1 - x0),
    )  # fmt: skip


def _square_of_points(landmarks: np.ndarray) -> tuple[float, float, float, float]:
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


def _refine(picture: np.ndarray, square: tuple[float, float, float, float], score: float, rounds: int) -> Face | None:
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
        square = _square_of_points(landmarks)
        score = min(score, sure) if rounds > 1 else sure
    return Face(landmarks, *_pose(landmarks), score)  # type: ignore[arg-type]


def _pose(landmarks: np.ndarray) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees from the mesh's own depth: its axis from side to side, and from chin to forehead."""
    across = np.mean([landmarks[right] - landmarks[left] for left, right in SYMMETRIC], axis=0)
    up = landmarks[FOREHEAD] - landmarks[CHIN]
    roll = math.atan2(across[1], across[0])
    yaw = math.atan2(across[2], math.hypot(across[0], across[1]))
    pitch = math.atan2(up[2], math.hypot(up[0], up[1]))
    return math.degrees(yaw), math.degrees(pitch), math.degrees(roll)


def _common(one: Any, other: Any) -> float:
    """Common area of two boxes over the area of both together."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    area = width * height
    return area / ((one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - area)
