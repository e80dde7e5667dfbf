"""The mouth, painted anew in every frame from the curves of `talkmill.backends.lipsync`, in the style's own line and colours.

The upper teeth stay where they are on the head; the lower lip, the lower teeth and the tongue ride on the jaw. Lengths are in
the unit of the closed mouth's half width unless said otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from talkmill.picture.colour import ycc

NAMES = ("open", "width", "round", "tuck", "press", "teeth", "tongue", "smile")
"""The curves that move the mouth."""

_SS = 2  # supersampling; edges are antialiased on top of it
_SHIFT = 6  # fractional bits of polygon points
_STEPS = 18  # points a half curve
_T = np.linspace(0, 1, _STEPS)[:, None]
_BEZIER = np.hstack([(1 - _T) ** 3, 3 * _T * (1 - _T) ** 2, 3 * _T**2 * (1 - _T), _T**3])  # weights of a cubic's four points
_ACROSS = np.linspace(-1, 1, 2 * _STEPS - 1)  # from corner to corner, for every point of a lip
_FINE = np.linspace(-1, 1, 33)
_ARC = np.linspace(-1, 1, 24)
_TURN = np.linspace(0, 2 * math.pi, 24, endpoint=False)
_CIRCLE = np.column_stack([np.cos(_TURN), np.sin(_TURN)])


@dataclass(frozen=True)
class Shape:
    """The mouth at one moment, in pixels around its anchor. Curves run from left to right."""

    upper: np.ndarray  # (n, 2) lower edge of the upper lip
    lower: np.ndarray  # (n, 2) upper edge of the lower lip
    gap: float  # between the lips in the middle; 0 is shut
    opened: float  # 0..1
    half: float
    rest: float  # y of the closed line in the middle


def _half_curve(half: float, corner: float, middle: float, roundness: float) -> np.ndarray:
    """From the left corner to the middle: a Bezier curve, level in the middle; roundness 1 is a quarter of an ellipse."""
    rise = middle - corner
    points = np.array(
        [
            (-half, corner),
            (-half * (1 - 0.34 * (1 - roundness)), corner + rise * (0.5523 * roundness + 0.62 * (1 - roundness))),
            (-half * (0.5523 * roundness + 0.42 * (1 - roundness)), middle),
            (0.0, middle),
        ]
    )
    return _BEZIER @ points


def _whole(half_curve: np.ndarray) -> np.ndarray:
    """Both halves of a curve that is the same on both sides."""
    mirrored = half_curve[-2::-1] * (-1, 1)
    return np.vstack([half_curve, mirrored])


def _pushed(curve: np.ndarray, distance: np.ndarray | float) -> np.ndarray:
    """`curve` moved to its right-hand side (down, for left to right) by `distance`."""
    tangent = np.empty_like(curve)  # as numpy.gradient, which takes ten times as long for so few points
    tangent[1:-1] = (curve[2:] - curve[:-2]) / 2
    tangent[0], tangent[-1] = curve[1] - curve[0], curve[-1] - curve[-2]
    length = np.maximum(np.hypot(tangent[:, 0], tangent[:, 1]), 1e-6)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]]) / length[:, None]
    return curve + normal * np.reshape(distance, (-1, 1))


def _mixed(first: tuple[float, ...], second: tuple[float, ...], share: float) -> tuple[float, ...]:
    """`share` of the second colour in the first."""
    return tuple((1 - share) * a + share * b for a, b in zip(first, second, strict=True))


class Mouth:
    """Paints the mouth of one rig at one scale.

    `box` is (x, y, width, height) around the anchor, in pixels: nothing is ever painted outside it.
    """

    def __init__(self, style: Mapping[str, Any], scale: float) -> None:
        self.unit = style["half_width"] * scale
        self.full_gap = style["gap"] * scale
        self.line_width = style["line_width"] * scale
        self.taper, self.shade = style["taper"], style["shade"]
        self.lips = style["lips"]
        self.colours = {name: ycc(style[name]) for name in ("line", "inside", "teeth", "tongue", "skin")}
        if self.lips:
            self.colours["lips"] = ycc(self.lips)
            self.colours["line"] = _mixed(self.colours["lips"], self.colours["inside"], 0.55)
            self.line_width *= 0.55
            # A tongue of the lips' own colour would be lost between them.
            self.colours["tongue"] = _mixed(self.colours["tongue"], self.colours["inside"], 0.28)
        turn = math.radians(style.get("angle", 0.0))
        self.turn = np.array([(math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))])  # of row vectors
        side, up = math.ceil(1.75 * self.unit + self.line_width), math.ceil(0.9 * self.unit + 0.4 * self.full_gap)
        down = math.ceil(1.15 * self.unit + self.full_gap)
        lift = math.ceil(abs(math.sin(turn)) * side)
        up, down = up + lift, down + lift
        self.box = (-side, -up, 2 * side, up + down)

    def shape(self, curves: Mapping[str, float]) -> Shape:
        """The lips' edges for one frame's values of `NAMES`; a name that is not there is at rest."""
        wide, rounding = curves.get("width", 0.0), min(max(curves.get("round", 0.0), 0.0), 1.0)
        shut = min(max(curves.get("press", 0.0), 0.0), 1.0)
        tuck = min(max(curves.get("tuck", 0.0), 0.0), 1.0)
        smile = curves.get("smile", 0.0)
        opening = min(max(curves.get("open", 0.0), 0.0), 1.0)
        opened = (opening + 0.10 * tuck * (1 - opening)) * (1 - shut)
        unit, gap = self.unit, self.full_gap * opened
        curl = (
            min(max(0.72 + (0.75 if smile > 0 else 1.5) * smile, -0.8), 1.3)
            * (1 - 0.9 * rounding)
            * (1 - 0.4 * shut)
            * (1 - 0.6 * tuck)
        )
        half = unit * (1 + (0.22 if wide > 0 else 0.26) * wide) * (1 - 0.30 * rounding) * (1 + 0.08 * max(smile, 0))
        half *= (1 - 0.04 * shut) * (1 - 0.14 * tuck)
        rest = 0.15 * unit * curl
        corner = -0.20 * unit * curl + 0.14 * gap
        corner += (rest + 0.28 * gap - corner) * rounding  # an "o" has its corners half way up
        swell = min(1.0, opened * 1.7)
        upper = _half_curve(half, corner, rest - 0.20 * gap, min(1.0, rounding + 0.15 * swell))
        lower = _half_curve(half, corner, rest + 0.80 * gap, min(1.0, rounding + 0.85 * swell))
        return Shape(_whole(upper), _whole(lower), gap, opened, half, rest)

    def paint(self, picture: np.ndarray, x: float, y: float, curves: Mapping[str, float]) -> None:
        """Paint the mouth with its anchor at (x, y) of `picture`, a layer (h, w, 4) that is opaque there; in place."""
        shape = self.shape(curves)
        box = self._around(shape)
        left, top = math.floor(x) + box[0], math.floor(y) + box[1]
        right, bottom = math.floor(x) + box[2] + 1, math.floor(y) + box[3] + 1
        left, top = max(left, 0), max(top, 0)
        view = picture[top : min(bottom, picture.shape[0]), left : min(right, picture.shape[1]), :3]
        if not view.size:
            return
        height, width = view.shape[:2]
        tile = cv2.resize(view, (width * _SS, height * _SS), interpolation=cv2.INTER_NEAREST)
        _Brush(self, shape, curves, (x - left, y - top)).paint(tile)
        view[...] = cv2.resize(tile, (width, height), interpolation=cv2.INTER_AREA)

    def _around(self, shape: Shape) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what this shape paints, around the anchor: mostly far less than `box`."""
        reach = self.line_width + (0.85 * self.unit if self.lips or self.shade else 0.0) + 2
        points = np.vstack([shape.upper, shape.lower]) @ self.turn
        low, high = np.floor(points.min(axis=0) - reach), np.ceil(points.max(axis=0) + reach)
        x, y, width, height = self.box
        return max(int(low[0]), x), max(int(low[1]), y), min(int(high[0]), x + width), min(int(high[1]), y + height)


class _Brush:
    """One painting of a mouth on a supersampled tile."""

    def __init__(self, mouth: Mouth, shape: Shape, curves: Mapping[str, float], anchor: tuple[float, float]) -> None:
        self.mouth, self.shape, self.curves = mouth, shape, curves
        self.anchor = np.array(anchor)

    def _points(self, points: np.ndarray) -> np.ndarray:
        """Points around the anchor as fixed-point coordinates of the tile; pixel centres lie at whole numbers."""
        return np.rint(((points @ self.mouth.turn + self.anchor) * _SS - 0.5) * (1 << _SHIFT)).astype(np.int32)

    def _fill(self, tile: np.ndarray, points: np.ndarray, colour: tuple[float, ...]) -> None:
        cv2.fillPoly(tile, [self._points(points)], colour, cv2.LINE_AA, _SHIFT)

    def _disc(self, tile: np.ndarray, centre: np.ndarray, radius: float, colour: tuple[float, ...]) -> None:
        self._fill(tile, centre + radius * _CIRCLE, colour)

    def paint(self, tile: np.ndarray) -> None:
        mouth, shape = self.mouth, self.shape
        if mouth.shade:
            self._shadow(tile)
        if mouth.lips:
            self._lips(tile)
        self._line(tile)
        if shape.gap >= 0.35:
            self._inside(tile)

    def _line(self, tile: np.ndarray) -> None:
        """The line around the opening; when the mouth is shut, the line of the mouth."""
        mouth, shape = self.mouth, self.shape
        press = min(max(self.curves.get("press", 0.0), 0.0), 1.0)
        swell = min(1.0, shape.opened * 3)
        thick = mouth.line_width * (1 + 0.12 * press) * (1 - (0.65 if mouth.taper or mouth.lips else 0.35) * swell) / 2
        tapered = mouth.taper or mouth.lips
        profile = thick * (1 - 0.86 * np.abs(_ACROSS) ** 2.4) if tapered else np.full(len(_ACROSS), thick)
        outline = np.vstack([_pushed(shape.upper, -profile), _pushed(shape.lower, profile)[::-1]])
        self._fill(tile, outline, mouth.colours["line"])
        for end, size in ((0, profile[0]), (-1, profile[-1])):
            self._disc(tile, shape.upper[end], size, mouth.colours["line"])

    def _lips(self, tile: np.ndarray) -> None:
        mouth, shape, curves = self.mouth, self.shape, self.curves
        full = (1 - 0.35 * min(curves.get("press", 0.0), 1)) * (1 + 0.2 * curves.get("round", 0.0))
        full *= (1 - 0.10 * max(curves.get("width", 0.0), 0)) * (1 - 0.12 * shape.opened)
        across = _ACROSS
        ring = min(max(curves.get("round", 0.0), 0.0), 1.0)  # rounded lips are a ring, as thick at the corners
        bow = (1 - (1 - 0.75 * ring) * np.abs(across) ** 2.2) * (1 - 0.20 * (1 - ring) * np.exp(-((across / 0.16) ** 2)))
        over = 0.30 * mouth.unit * full * bow
        under = 0.36 * mouth.unit * full * (1 - (1 - 0.62 * ring) * np.abs(across) ** 2.6)
        under *= 1 - 0.45 * min(curves.get("tuck", 0.0), 1)
        outline = np.vstack([_pushed(shape.upper, -over), _pushed(shape.lower, under)[::-1]])
        self._fill(tile, outline, mouth.colours["lips"])
        for end in (0, -1):
            self._disc(tile, shape.upper[end], max(over[end], under[end], 0.2), mouth.colours["lips"])

    def _shadow(self, tile: np.ndarray) -> None:
        """A small soft crescent under the lower lip; a jaw that opens takes it down to the chin, and it fades before."""
        mouth, shape = self.mouth, self.shape
        shade = mouth.shade * min(1.0, max(0.0, (0.8 - shape.opened) / 0.3))
        if shade < 0.02:
            return
        low = shape.lower[:, 1].max() + 0.40 * mouth.unit + (0.12 * mouth.unit if mouth.lips else 0)
        half = 0.30 * shape.half
        across = _ARC
        arc = np.column_stack([across * half, low + 0.05 * mouth.unit * (1 - across**2)])
        body = np.column_stack([across * half, low + 0.17 * mouth.unit * (1 - across**2)])[::-1]
        skin = mouth.colours["skin"]
        dark = (16 + (skin[0] - 16) * (1 - shade), *(128 + (c - 128) * (1 - shade) for c in skin[1:]))
        self._fill(tile, np.vstack([arc, body]), dark)

    def _inside(self, tile: np.ndarray) -> None:
        """Cavity, tongue and teeth, clipped to the opening."""
        mouth, shape, curves = self.mouth, self.shape, self.curves
        unit, half, gap = mouth.unit, shape.half, shape.gap
        tuck, tongue = min(curves.get("tuck", 0.0), 1), min(max(curves.get("tongue", 0.0), 0), 1)
        high, low = shape.upper[:, 1].min(), shape.lower[:, 1].max()
        opening = self._points(np.vstack([shape.upper, shape.lower[::-1]]))
        x, y, width, height = cv2.boundingRect(opening >> _SHIFT)
        left, top = max(x - 2, 0), max(y - 2, 0)
        tile = tile[top : y + height + 3, left : x + width + 3]
        self.anchor = self.anchor - np.array([left, top]) / _SS
        inner = np.zeros(tile.shape, np.uint8)
        cv2.rectangle(inner, (0, 0), inner.shape[1::-1], mouth.colours["inside"], cv2.FILLED)
        edge = shape.rest + 0.12 * unit  # of the upper teeth: fixed to the head
        bite = min(max(curves.get("teeth", 0.0), 0), 1)
        edge = high + (edge - high) * bite
        edge += (low + 0.1 * unit - edge) * tuck
        behind = min(tongue * 2, 1)
        # A flat tongue stays out of sight in a small opening, and behind rounded lips.
        lying = low - 0.30 * gap + 0.5 * unit * max(0.0, 0.34 - shape.opened) + 0.25 * gap * min(curves.get("round", 0.0), 1)
        tip = lying + (min(edge, low) + 0.02 * unit - lying) * behind
        if tongue <= 0.75:
            self._tongue(inner, tip, low, half * (0.70 + 0.22 * max(0.0, 1 - 2.5 * shape.opened) - 0.10 * behind))
        if bite > 0.02 or tuck > 0.02:
            across = _FINE
            drop = (1 - np.abs(across) ** 5) ** 0.5
            line = np.column_stack([across * half * 0.90, high - 0.2 * unit + (edge - high + 0.2 * unit) * drop])
            gum = np.array([(half * 0.90, high - 0.4 * unit), (-half * 0.90, high - 0.4 * unit)])
            self._fill(inner, np.vstack([line, gum]), mouth.colours["teeth"])
        if tongue > 0.75:
            self._tongue(inner, min(edge, low) - 0.05 * unit, low + 0.2 * unit, half * 0.76)
        cover = np.zeros(tile.shape[:2], np.uint8)
        cv2.fillPoly(cover, [opening - (np.array([left, top]) << _SHIFT)], 255, cv2.LINE_AA, _SHIFT)
        rest = cv2.bitwise_not(cover)
        around = cv2.multiply(tile, cv2.merge((rest, rest, rest)), scale=1 / 255)
        inner = cv2.multiply(inner, cv2.merge((cover, cover, cover)), scale=1 / 255)
        tile[...] = cv2.add(around, inner)

    def _tongue(self, tile: np.ndarray, top: float, low: float, half: float) -> None:
        """A rounded tongue from `top` down."""
        tall = max(low - top, 0.0) + 0.35 * self.mouth.unit
        across = _FINE
        line = np.column_stack([across * half, top + tall * (1 - (1 - np.abs(across) ** 2.4) ** 0.6)])
        floor = np.array([(half, low + self.mouth.unit), (-half, low + self.mouth.unit)])
        self._fill(tile, np.vstack([line, floor]), self.mouth.colours["tongue"])
