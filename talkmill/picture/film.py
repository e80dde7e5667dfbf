"""Somebody who is a photograph or a clip, in the frame: which part of their picture is seen, and what lies over it; and several
people of one picture, whose faces are put together.

Like a drawn character the head has its place under the headroom and above the captions. A picture covers the frame; only one
whose face would reach into the captions is shown higher or smaller, on itself out of focus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from talkmill.picture.background import vignette
from talkmill.picture.colour import Planes
from talkmill.picture.layout import HEADS, lowest_chin
from talkmill.picture.name_line import name_line

SKULL = 1.25
"""Height of the head, over that from forehead to chin, which is what landmarks span."""
ENLARGED = 2.5
"""How far a clip is enlarged for a closer framing; covering the frame may take more."""
LARGE, LEAST = 1.5, 0.22
"""How many times the wanted height a head may have in a picture that is shown smaller than the frame, and how much smaller that
may be."""
SIDE, CROWN = 0.35, 0.42
"""Of several people: the room beside their faces, in heights of a face, and the least height of the chins, in frames."""
SOFT = 0.035
"""Sigma of the blur behind a picture that does not cover the frame, and half of its edge's fade, in heights of the frame."""


@dataclass(frozen=True)
class Cut:
    """The part of a clip that is seen, and where: both in even pixels."""

    left: int
    top: int
    width: int
    height: int
    x: int
    y: int
    w: int
    h: int
    scale: float

    def covers(self, size: tuple[int, int]) -> bool:
        """Whether the whole frame is picture."""
        return (self.x, self.y, self.w, self.h) == (0, 0, *size)


def place(size: tuple[int, int], scene: Mapping[str, Any], figure: Mapping[str, Any]) -> Cut:
    """Where the picture of `figure` (`width`, `height`, `box` of its face) stands in a frame of `size`.

    `boxes` instead of `box`: of several people, who are all seen.
    """
    width, height = size
    boxes = figure.get("boxes") or [figure["box"]]
    left, top, right, bottom = (pick(edges) for pick, edges in zip((min, min, max, max), zip(*boxes, strict=True), strict=True))
    whole = (figure["width"], figure["height"])
    tall = max(1.0, *(box[3] - box[1] for box in boxes))
    skull = max(top - (SKULL - 1) * tall, 0.0)
    cover = max(width / whole[0], height / whole[1])
    wanted = HEADS[scene["framing"]] * height / (SKULL * tall)
    scale = max(cover, min(wanted, max(cover, ENLARGED)))
    room, low = scene["headroom"] * height, lowest_chin(size, scene)
    fits = (low - 0.5 * room) / (bottom - skull)  # the head between half of the headroom and the captions
    if scale > fits:
        scale = fits if fits >= cover else max(min(fits, LARGE * wanted), LEAST * cover)
    if len(boxes) > 1:
        scale = min(scale, max(width / (right - left + 2 * SIDE * tall), LEAST * cover))
    shown_w, shown_h = whole[0] * scale, whole[1] * scale
    x = width / 2 - (left + right) / 2 * scale
    x = min(0.0, max(x, width - shown_w)) if shown_w >= width else min(max(x, 0.0), width - shown_w)
    y = room - skull * scale
    if len(boxes) > 1:  # a small group stands lower than one face would
        y = max(y, CROWN * height - bottom * scale)
    y = min(0.0, max(y, height - shown_h)) if shown_h >= height else min(max(y, 0.0), height - shown_h)
    y = min(y, max(low - bottom * scale, 0.25 * room - skull * scale))  # captions never lie on a mouth
    return _even(size, whole, scale, x, y)


def _even(size: tuple[int, int], whole: tuple[int, int], scale: float, x: float, y: float) -> Cut:
    """The cut on even pixels of both pictures."""
    axes = []
    for frame, clip, start in ((size[0], whole[0], x), (size[1], whole[1], y)):
        end = start + clip * scale
        if start <= 1 and end >= frame - 2:  # it reaches from edge to edge
            length = min(clip, max(2, round(frame / scale / 2) * 2))
            first = min(max(0, round(-start / scale / 2) * 2), clip - length)
            axes.append((first, length, 0, frame))
        else:
            at = max(0, round(start / 2) * 2)
            first = max(0, round(-start / scale / 2) * 2)
            shown = min(frame - at, round((clip - first) * scale / 2) * 2)
            length = min(clip - first, round(shown / scale / 2) * 2)
            axes.append((first, length, at, shown))
    (left, width, at_x, w), (top, height, at_y, h) = axes
    return Cut(left, top, width, height, at_x, at_y, w, h, scale)


class Film:
    """The picture of one character, or of several who are in it, in frames of one size; `scenes` and `figures` are one each."""

    def __init__(
        self, size: tuple[int, int], scenes: Sequence[Mapping[str, Any]], figures: Sequence[Mapping[str, Any]]
    ) -> None:
        boxes = [figure["box"] for figure in figures]
        self.size, self.cut = size, place(size, scenes[0], {**figures[0], "boxes": boxes})
        self.source = (figures[0]["width"], figures[0]["height"])
        chin = (max(box[3] for box in boxes) - self.cut.top) * self.cut.scale + self.cut.y
        first = round(0.70 * size[1] / 2) * 2
        self.shade = (vignette(size, first), 0, first)
        ranks = [sorted(box[0] for box in boxes).index(box[0]) for box in boxes]
        self.plates = [
            self._plate(name_line(size, scene, chin, rank / max(len(boxes) - 1, 1)))
            for scene, rank in zip(scenes, ranks, strict=True)
        ]
        self.owners = owners(self.source, boxes)
        self._behind: Planes | None = None
        self._mask: tuple[np.ndarray, np.ndarray] | None = None

    @staticmethod
    def _plate(found: Any) -> tuple[np.ndarray, int, int] | None:
        """The name's layer with its corner on even pixels and even sides."""
        if found is None:
            return None
        image, x, y = found
        pad = ((y % 2, (image.shape[0] + y) % 2), (x % 2, (image.shape[1] + x) % 2), (0, 0))
        return np.pad(image, pad), x - x % 2, y - y % 2

    def together(self, frames: Mapping[int, np.ndarray]) -> np.ndarray:
        """One picture of the clip in which the faces of these numbers are as they are in their own frames.

        All of them show the same picture of the clip but for the lower half of their own face, so where each pixel is taken
        from the face that it is nearest to, there is no edge to be seen: on both sides of it the pixels are the clip's.
        """
        first, *others = frames
        if not others:
            return frames[first]
        made = frames[first].copy()
        parts = _planes(made, self.source)
        for number in others:
            for plane, other, mask in zip(parts, _planes(frames[number], self.source), self.owners[number], strict=True):
                cv2.copyTo(other, mask, plane)
        return made

    def draw(self, frame: np.ndarray, named: Sequence[float] = (1.0,)) -> np.ndarray:
        """The frame of the video, I420, with `frame` of the clip in it; `named`: how much is seen of each name."""
        made, cut = Planes(*self.size), self.cut
        parts = _planes(frame, self.source)
        if not cut.covers(self.size):
            self._underlay(made, parts)
        for number, (plane, target) in enumerate(zip(parts, (made.y, made.u, made.v), strict=True)):
            step = 1 if number == 0 else 2
            piece = plane[cut.top // step : (cut.top + cut.height) // step, cut.left // step : (cut.left + cut.width) // step]
            place_ = target[cut.y // step : (cut.y + cut.h) // step, cut.x // step : (cut.x + cut.w) // step]
            if piece.shape != place_.shape:
                smaller = piece.shape[0] > place_.shape[0]
                method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC if number == 0 else cv2.INTER_LINEAR
                piece = cv2.resize(piece, place_.shape[::-1], interpolation=method)
            if self._mask is not None and not cut.covers(self.size):
                share = self._mask[min(number, 1)]
                place_[...] = np.rint(place_ + share * (piece.astype(np.float32) - place_)).astype(np.uint8)
            else:
                place_[...] = piece
        made.blend(*self.shade)
        for plate, share in zip(self.plates, named, strict=True):
            if plate is not None and share > 0.004:
                made.blend(plate[0] if share > 0.996 else cv2.convertScaleAbs(plate[0], alpha=share), *plate[1:])
        return made.data

    def _underlay(self, made: Planes, parts: tuple[np.ndarray, ...]) -> None:
        """What is behind a picture that does not cover the frame: its first frame, large, dark and out of focus."""
        if self._behind is None:
            self._behind = Planes(*self.size)
            width, height = self.size
            cover = max(width / self.source[0], height / self.source[1])
            whole = _even(
                self.size, self.source, cover, (width - self.source[0] * cover) / 2, (height - self.source[1] * cover) / 2
            )
            targets = (self._behind.y, self._behind.u, self._behind.v)
            for number, (plane, target) in enumerate(zip(parts, targets, strict=True)):
                step = 1 if number == 0 else 2
                rows = slice(whole.top // step, (whole.top + whole.height) // step)
                piece = plane[rows, whole.left // step : (whole.left + whole.width) // step]
                small = cv2.resize(piece, (target.shape[1] // 8, target.shape[0] // 8), interpolation=cv2.INTER_AREA)
                small = cv2.GaussianBlur(small, (0, 0), max(1.0, SOFT * target.shape[0] / 8))
                target[...] = cv2.resize(small, target.shape[::-1], interpolation=cv2.INTER_CUBIC)
            self._behind.y[...] = np.rint(16 + 0.62 * (np.clip(self._behind.y.astype(np.float32), 16, 235) - 16))
            self._mask = tuple(self._fade(step) for step in (1, 2))  # type: ignore[assignment]
        made.data[...] = self._behind.data

    def _fade(self, step: int) -> np.ndarray:
        """How much of the picture is seen at each of its pixels: less at those edges that lie within the frame."""
        cut, reach = self.cut, 2 * SOFT * self.size[1] / step
        shares = []
        for length, at, whole in ((cut.h, cut.y, self.size[1]), (cut.w, cut.x, self.size[0])):
            count = length // step
            from_start = np.arange(count, dtype=np.float32) + 0.5
            share = np.ones(count, np.float32)
            if at > 0:
                share = np.minimum(share, from_start / reach)
            if at + length < whole:
                share = np.minimum(share, (count - from_start) / reach)
            shares.append(share * share * (3 - 2 * share))
        return shares[0][:, None] * shares[1][None, :]


def owners(size: tuple[int, int], boxes: Sequence[Sequence[float]]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each face 255 where a picture of `size` (width, height) is nearest to its mouth, for each of the three planes.

    Near is in heights of the face, so that a large face has more of the picture than a small one.
    """
    if len(boxes) == 1:
        return []
    width, height = size
    x, y = np.arange(0, width, 2, dtype=np.float32)[None, :], np.arange(0, height, 2, dtype=np.float32)[:, None]
    away = []
    for left, top, right, bottom in boxes:
        tall = max(bottom - top, 1.0)
        away.append(((x - (left + right) / 2) ** 2 + (y - bottom + 0.2 * tall) ** 2) / tall**2)
    nearest = np.argmin(away, axis=0)
    made = []
    for number in range(len(boxes)):
        small = np.where(nearest == number, np.uint8(255), np.uint8(0))
        made.append((small.repeat(2, axis=0).repeat(2, axis=1), small, small))
    return made


def _planes(frame: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three planes of an I420 frame of `size`, as views."""
    width, height = size
    flat, quarter = frame.reshape(-1), width * height // 4
    u = flat[width * height : width * height + quarter].reshape(height // 2, width // 2)
    return frame[:height], u, flat[width * height + quarter :].reshape(height // 2, width // 2)
