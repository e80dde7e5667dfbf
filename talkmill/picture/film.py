"""Somebody who is a photograph or a clip, in the frame: which part of their picture is seen, and what lies over it.

Like a drawn character the head has its place under the headroom and above the captions. A picture covers the frame; only one
whose face would reach into the captions is shown higher or smaller, on itself out of focus.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """Where the picture of `figure` (`width`, `height`, `box` of its face) stands in a frame of `size`."""
    width, height = size
    left, top, right, bottom = figure["box"]
    whole = (figure["width"], figure["height"])
    tall = max(bottom - top, 1.0)
    skull = max(bottom - SKULL * tall, 0.0)
    cover = max(width / whole[0], height / whole[1])
    wanted = HEADS[scene["framing"]] * height / (SKULL * tall)
    scale = max(cover, min(wanted, max(cover, ENLARGED)))
    room, low = scene["headroom"] * height, lowest_chin(size, scene)
    fits = (low - 0.5 * room) / (bottom - skull)  # the head between half of the headroom and the captions
    if scale > fits:
        scale = fits if fits >= cover else max(min(fits, LARGE * wanted), LEAST * cover)
    shown_w, shown_h = whole[0] * scale, whole[1] * scale
    x = width / 2 - (left + right) / 2 * scale
    x = min(0.0, max(x, width - shown_w)) if shown_w >= width else min(max(x, 0.0), width - shown_w)
    y = room - skull * scale
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
    """One character's picture in frames of one size."""

    def __init__(self, size: tuple[int, int], scene: Mapping[str, Any], figure: Mapping[str, Any]) -> None:
        self.size, self.cut = size, place(size, scene, figure)
        self.source = (figure["width"], figure["height"])
        chin = (figure["box"][3] - self.cut.top) * self.cut.scale + self.cut.y
        first = round(0.70 * size[1] / 2) * 2
        self.shade = (vignette(size, first), 0, first)
        self.plate = self._plate(name_line(size, scene, chin, 0.0))
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

    def draw(self, frame: np.ndarray) -> np.ndarray:
        """The frame of the video, I420, with `frame` of the clip in it."""
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
        if self.plate is not None:
            made.blend(*self.plate)
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


def _planes(frame: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three planes of an I420 frame of `size`, as views."""
    width, height = size
    flat, quarter = frame.reshape(-1), width * height // 4
    u = flat[width * height : width * height + quarter].reshape(height // 2, width // 2)
    return frame[:height], u, flat[width * height + quarter :].reshape(height // 2, width // 2)
