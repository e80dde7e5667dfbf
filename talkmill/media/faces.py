"""Faces in pictures: where they are, 468 landmarks each, how the head is turned; and the same along a clip.

Landmarks are numbered as MediaPipe numbers them; the subject's right is on the picture's left. The nets are in `mesh`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np

from talkmill.errors import MediaError
from talkmill.media.mesh import OVERLAP, POINTS, common, detect, refine, square_of_box, square_of_points

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

GAP = 0.4
"""Seconds for which a face that is not found keeps its place: landmarks are interpolated, `seen` is false."""
LEVEL = -8.5
"""Degrees by which the mesh's axis from chin to forehead leans where a face looks straight ahead: two portraits, -10 and -7."""
STEADY, CERTAIN, APART = 0.5, 0.8, 0.25
"""Of a face in a clip: the least share of its frames in which it is found, its least mean score, and how much of it may lie in
another face's box at most."""
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
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
                return cls(held["landmarks"], held["seen"], held["pose"], held["scene"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            raise MediaError(f"{path.name}: is no track of faces. Make it again.") from None


def find(picture: np.ndarray) -> list[Face]:
    """Every face of an R'G'B' picture, uint8 (h, w, 3), from left to right.

    Looked for in the whole picture and, so that small faces in large pictures are found, in squares of it.

    Raises:
        PrerequisiteError: the weights are not there (`talkmill weights fetch face-mesh`).
    """
    found = []
    for box in detect(picture):
        face = _face(refine(picture, square_of_box(box), float(box[4]), rounds=3))
        if face is not None:
            found.append(face)
    kept: list[Face] = []
    for face in sorted(found, key=lambda one: (-one.size * one.score, one.box)):
        if all(common(face.box, other.box) < OVERLAP for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda one: one.box)


def placed(face: Face, scale: float, corner: tuple[float, float]) -> Face:
    """The face in a picture that was scaled, and then cut at `corner`."""
    shift = np.array([*corner, 0], np.float32)
    return replace(face, landmarks=face.landmarks * np.float32(scale) - shift)


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
            face = _face(refine(picture, square_of_points(before.landmarks), before.score, rounds=1))
            if face is not None and all(common(face.box, other.box) < OVERLAP for other in row.values()):
                row[key] = face
        lost = len(row) < len(self._last) or not row
        if cut or not number or lost or number % self.EVERY == 0:
            for face in find(picture):
                if any(common(face.box, other.box) >= OVERLAP for other in row.values()):
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
            if key not in row and common(face.box, before.box) > 0.1:
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
        """For each shot its faces from left to right.

        One that is there for less than a tenth of it is no face of it, nor is one that comes and goes, of which the mesh is
        not sure, or that lies in another that is there for longer: folds and badges look like faces now and then.
        """
        made = {}
        for shot in shots:
            rows = [row for row, number in zip(self._rows, self._scenes, strict=True) if number == shot]
            found: dict[int, list[tuple[int, Face]]] = {}
            for number, row in enumerate(rows):
                for key, face in row.items():
                    found.setdefault(key, []).append((number, face))
            kept: list[int] = []
            for key, seen in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
                steady = len(seen) >= max(0.1 * len(rows), STEADY * (seen[-1][0] - seen[0][0] + 1))
                sure = sum(face.score for _, face in seen) >= CERTAIN * len(seen)
                number, face = seen[len(seen) // 2]
                apart = all(common(face.box, _near(found[one], number).box) < APART for one in kept)
                if steady and sure and apart:
                    kept.append(key)
            made[shot] = sorted(kept, key=lambda key: (found[key][0][1].box[0] + found[key][0][1].box[2]) / 2)
        return made


def _near(seen: list[tuple[int, Face]], number: int) -> Face:
    """The face in the frame nearest to `number` in which it is there."""
    return min(seen, key=lambda item: abs(item[0] - number))[1]


def spans(flags: np.ndarray) -> list[list[int]]:
    """[first, last] of each stretch that is set."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], np.asarray(flags, np.int8), [0]))))
    return [[int(first), int(last) - 1] for first, last in zip(edges[::2], edges[1::2], strict=True)]


def shut(known: Track, number: int) -> np.ndarray:
    """How far the eyes of one face are shut in each frame, 0..1, against how open they usually are; 0 where it is not there."""
    points = known.landmarks[:, number, :, :2]
    heights = []
    for eye in (LEFT_EYE, RIGHT_EYE):
        lids = [np.linalg.norm(points[:, eye[at]] - points[:, eye[16 - at]], axis=-1) for at in (3, 4, 5)]
        heights.append(np.mean(lids, axis=0) / np.maximum(np.linalg.norm(points[:, eye[0]] - points[:, eye[8]], axis=-1), 1e-3))
    openness = np.mean(heights, axis=0)
    if np.isnan(openness).all():
        return np.zeros(len(openness))
    return np.nan_to_num(np.clip(1 - openness / np.nanmedian(openness), 0, 1))


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
    for before, after in pairwise(there):
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


def _face(found: tuple[np.ndarray, float] | None) -> Face | None:
    return Face(found[0], *_pose(found[0]), found[1]) if found else None


def _pose(landmarks: np.ndarray) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees from the mesh's own depth: its axis from side to side, and from chin to forehead."""
    across = np.mean([landmarks[right] - landmarks[left] for left, right in SYMMETRIC], axis=0)
    up = landmarks[FOREHEAD] - landmarks[CHIN]
    roll = math.atan2(across[1], across[0])
    yaw = math.atan2(across[2], math.hypot(across[0], across[1]))
    pitch = math.atan2(up[2], math.hypot(up[0], up[1]))
    return math.degrees(yaw), math.degrees(pitch) - LEVEL, math.degrees(roll)
