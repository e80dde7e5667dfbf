"""Finding the mouth in every decoded frame, and measuring it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from talkmill.errors import MediaError
from talkmill.measure.colours import ROLES, Labels
from talkmill.measure.subject import Face, Subject
from talkmill.media import ffmpeg

LIP, TOOTH, TONGUE, LINE = (ROLES.index(role) + 1 for role in ("lips", "teeth", "tongue", "line"))
MIDDLE = 0.12
"""Half of the part of a mouth, against its width, in which its height is taken."""
SMALLEST = 0.10
"""Pixels that are a mouth, against the square of the half width of the closed one; less is noise."""
NEAR = 0.16
"""Gap between two pieces of one mouth, against its half width: teeth may meet the lips in a tone of the skin's."""
LIKELY = 0.25
"""Mean of `Finder.near` over a piece from which it may be a mouth."""
CHANGED = 6
"""Levels of luma by which a pixel must differ from the frame before to count as changed."""


@dataclass
class Seen:
    """One face in every frame of its shot, in pixels; NaN where no mouth was found.

    `height` is the opening in the middle: all that is neither skin nor lips, the closed mouth's line included where that has
    the colour of the inside (`lined` is False). `width` is that of the lips' line, from corner to corner. `teeth` and `tongue`
    are how much of the height they fill. `x`, `y` are where the mouth is. `moved` is the mean difference of the mouth's
    surroundings from the frame before, `back` from the one before that, both after the head's motion is taken out, in levels
    of luma. `drawing` is which of the face's drawings is shown, -1 where none is known; of a painted mouth it says nothing.
    """

    face: Face
    lined: bool
    height: np.ndarray
    width: np.ndarray
    teeth: np.ndarray
    tongue: np.ndarray
    x: np.ndarray
    y: np.ndarray
    moved: np.ndarray
    back: np.ndarray
    drawing: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    @classmethod
    def empty(cls, face: Face, lined: bool = False) -> Seen:
        """Of a face of which nothing is known yet."""
        return cls(face, lined, *(np.full(face.frames, np.nan) for _ in range(8)), np.full(face.frames, -1))


@dataclass
class Watched:
    """What a decoded video shows: the faces, and the frames whose picture about the faces is the one before."""

    faces: list[Seen]
    frames: int
    repeated: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))


def box_of(faces: Sequence[Face], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """x, y, width, height, all even, of the part of the frame in which the mouths may be."""
    windows = np.array([face.window for face in faces])
    left, top = np.maximum(windows[:, :2].min(axis=0), 0) // 2 * 2
    right, bottom = np.minimum((windows[:, 2:].max(axis=0) + 1) // 2 * 2, size)
    return int(left), int(top), int(right - left), int(bottom - top)


def watch(subject: Subject) -> Watched:
    """Decode the video and measure the mouth of every face in every frame it is seen in.

    Raises:
        MediaError: it cannot be decoded to its end, or has another number of frames than it should.
    """
    x, y, width, height = box_of(subject.faces, subject.size)
    from talkmill.measure.sketch import Matcher

    finders = [(Finder if face.drawings is None else Matcher)(face, (x, y)) for face in subject.faces]
    command = [
        "-loglevel", "error", "-xerror", "-i", ffmpeg.url(subject.video), "-map", "0:v:0", "-fps_mode", "passthrough",
        "-vf", f"crop={width}:{height}:{x}:{y},format=yuv444p", "-f", "rawvideo", "pipe:1",
    ]  # fmt: skip
    before = None
    repeated = np.zeros(subject.frames, bool)
    index = -1
    for index, piece in enumerate(ffmpeg.stream(command, 3 * width * height)):
        picture = np.frombuffer(piece, np.uint8).reshape(3, height, width)
        if index < subject.frames:
            if before is not None:
                repeated[index] = not np.count_nonzero(cv2.absdiff(picture[0], before[0]) > CHANGED)
            for finder in finders:
                if 0 <= index - finder.face.start < finder.face.frames:
                    finder.look(picture, index - finder.face.start)
        before = picture
    if index + 1 != subject.frames:
        raise MediaError(
            f"{subject.video.name}: it has another length than was made ({index + 1} frames, not {subject.frames}). "
            "Make it anew."
        )
    return Watched([finder.seen for finder in finders], subject.frames, repeated)


class Finder:
    """Follows one face's mouth; `origin` is the corner of the pictures it is given."""

    def __init__(self, face: Face, origin: tuple[int, int]) -> None:
        self.face, self.origin = face, origin
        self.labels = Labels(face)
        self.seen = Seen.empty(face, self.labels.lined)
        self.near = self._near()
        self.surroundings = Surroundings(self.seen, (round(2.6 * face.unit), round(1.2 * face.unit + face.gap)))

    def _near(self) -> np.ndarray:
        """How likely a mouth is at each pixel of the window: 1 in the middle of one that is open, 0 from an ellipse about it on
        that takes in the widest open one and the head's reach."""
        face = self.face
        left, top, right, bottom = face.window
        x = np.arange(max(left, self.origin[0]), right, dtype=np.float32)[None, :]
        y = np.arange(max(top, self.origin[1]), bottom, dtype=np.float32)[:, None]
        across = (x - face.anchor[0]) / (1.7 * face.unit + 0.8 * face.reach)
        down = (y - face.anchor[1] - 0.2 * face.gap) / (0.45 * face.unit + 0.65 * face.gap + 0.8 * face.reach)
        return np.maximum(1 - across**2 - down**2, 0)

    def look(self, picture: np.ndarray, frame: int) -> None:
        """Measure the mouth in a picture of Y', Cb, Cr planes, uint8 (3, h, w): frame `frame` of the face's shot."""
        left, top, right, bottom = self.face.window
        x, y = max(left - self.origin[0], 0), max(top - self.origin[1], 0)
        view = picture[:, y : max(bottom - self.origin[1], 0), x : max(right - self.origin[0], 0)]
        labels = self.labels.of(view)
        mask = mouth_mask(labels, self.near[: labels.shape[0], : labels.shape[1]], self.face.unit)
        if mask is None:
            self.surroundings.forget()
            return
        seen = self.seen
        opening = mask & (labels != LIP)
        columns = np.flatnonzero((opening if opening.any() else mask).any(axis=0))
        first, last = columns[0], columns[-1]
        middle, part = (first + last) / 2, max(1.0, MIDDLE * (last - first))
        core = slice(max(round(middle - part), 0), round(middle + part) + 1)
        labels = np.where(mask, labels, 0)[:, core]
        outer = (labels != LIP) & (labels != 0)
        if self.labels.lined:
            outer &= labels != LINE
        # Where two colours meet, their mixture may look like a third: what is thinner than three pixels is such an edge.
        outer = cv2.morphologyEx(outer.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 1), np.uint8)) > 0
        seen.height[frame] = _extents(outer).mean()
        seen.width[frame] = last - first + 1
        seen.teeth[frame] = (labels == TOOTH).sum(axis=0).mean()
        seen.tongue[frame] = (labels == TONGUE).sum(axis=0).mean()
        # The upper edge in the middle and the two corners do not move much when a mouth opens: they say where the head is.
        rows = np.flatnonzero(mask[:, core].any(axis=1))
        seen.x[frame] = x + self.origin[0] + middle
        seen.y[frame] = y + self.origin[1] + rows[0]
        self.surroundings.look(picture[0], frame, self.origin, 0.4 * self.face.gap)


class Surroundings:
    """Compares what is about a mouth, in patches of `size`, with the two frames before; writes `moved` and `back` of `seen`."""

    def __init__(self, seen: Seen, size: tuple[int, int]) -> None:
        self.seen, self.size = seen, size
        self.patches: list[np.ndarray] = []

    def forget(self) -> None:
        """There was a frame without a mouth."""
        self.patches.clear()

    def look(self, luma: np.ndarray, frame: int, origin: tuple[int, int], below: float) -> None:
        """The frame in which `seen` has the mouth at x, y; the patch is about `below` pixels below it."""
        centre = (self.seen.x[frame] - origin[0], self.seen.y[frame] - origin[1] + below)
        patch = cv2.getRectSubPix(luma, self.size, (float(centre[0]), float(centre[1])))
        for number, values in ((1, self.seen.moved), (2, self.seen.back)):
            if len(self.patches) >= number:
                values[frame] = apart(patch, self.patches[-number])
        self.patches = [*self.patches[-1:], patch]


def mouth_mask(labels: np.ndarray, near: np.ndarray, unit: float) -> np.ndarray | None:
    """Which pixels are the mouth: the piece that lies where it should be, with what touches it; None: none is there.

    `labels` are those of `Labels.of`, `near` says of each pixel how likely a mouth is there (0..1, `Finder.near`), `unit` is
    the half width of the closed mouth. Of an outline, a neck's shadow or a collar of the mouth's colour most lies elsewhere.
    """
    count, pieces, stats, _ = cv2.connectedComponentsWithStats((labels > 0).astype(np.uint8), connectivity=8)
    sizes = stats[:, cv2.CC_STAT_AREA]
    inside = np.bincount(pieces.ravel(), weights=near.ravel(), minlength=count)
    weight = inside - LIKELY * sizes
    weight[0] = 0
    weight[sizes < SMALLEST * unit * unit] = 0
    best = int(np.argmax(weight))
    if weight[best] <= 0:
        return None
    chosen = pieces == best
    x, y, width, height = stats[best, :4]
    for index in range(1, count):
        if index == best or sizes[index] < 8 or inside[index] < LIKELY * sizes[index]:
            continue
        px, py, pw, ph = stats[index, :4]
        beside = max(px - x - width, x - px - pw, 0) + max(py - y - height, y - py - ph, 0)
        if beside <= NEAR * unit and pw <= 1.3 * width:
            chosen |= pieces == index
    return chosen


def _extents(mask: np.ndarray) -> np.ndarray:
    """From the first to the last pixel of each column that is set; 0 where none is."""
    first = mask.argmax(axis=0)
    last = mask.shape[0] - mask[::-1].argmax(axis=0)
    return np.where(mask.any(axis=0), last - first, 0)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of two pictures, the best of small shifts: whole pixels of the head's place are rounded."""
    shift, _ = cv2.phaseCorrelate(one.astype(np.float32), other.astype(np.float32))
    if np.hypot(*shift) > 3:
        shift = (0.0, 0.0)
    height, width = one.shape
    way = np.array([(1, 0, shift[0]), (0, 1, shift[1])], np.float32)
    moved = cv2.warpAffine(one, way, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    edge = 4
    return float(cv2.absdiff(moved, other)[edge:-edge, edge:-edge].mean())


def decoded(video: Path) -> None:
    """Decode every frame and sample of `video` and throw them away.

    Raises:
        MediaError: it cannot be decoded to its end.
    """
    ffmpeg.run(["-loglevel", "error", "-xerror", "-i", ffmpeg.url(video), "-f", "null", "-"])
