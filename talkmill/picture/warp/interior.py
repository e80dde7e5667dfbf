"""What is seen between parted lips: depth, teeth, tongue, lit as the face is.

Everything is computed for each pixel of the opening from its place in the face frame, in mm. Upper teeth are fixed to the head,
lower ones and the tongue ride with the jaw. Colours and brightness are those of the cheeks, so that a face in the shade has no
lamp in its mouth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from talkmill.picture.colour import KB, KR
from talkmill.picture.warp.fields import Mouth

WEIGHTS = np.array([KR, 1 - KR - KB, KB], np.float32)

UPPER_TEETH, LOWER_TEETH = (8.3, 6.5, 6.8, 5.6, 4.6, 3.5), (5.2, 5.6, 6.2, 5.6, 4.8, 3.6)
"""Widths of the teeth from the middle outward as they are seen from the front, mm."""
EDGE = 2.6
"""mm under the closed lips' line to which the upper front teeth reach."""
REACH, CELL = 40.0, 0.05
"""Half of the rows' tables and their steps, mm."""
RIM = 0.35, 0.8
"""mm by which the picture's own teeth are taken less high and less low than its lips leave them free."""
SHADE = 0.72, 0.80, 0.83
"""Of R', G' and B' of the picture's own teeth, how much is lost behind lips that are rounded."""
AXIS = np.arange(-REACH, REACH + CELL / 2, CELL, dtype=np.float32)


def _row(widths: tuple[float, ...], bow: float, shorter: tuple[float, ...], corner: float) -> tuple[np.ndarray, np.ndarray]:
    """Of a row of teeth, over `AXIS`: how far each place of its edge is from the row's lowest (mm), and how bright it is
    (0..1)."""
    ends = np.cumsum(widths)
    at = np.abs(AXIS)
    index = np.minimum(np.searchsorted(ends, at), len(widths) - 1)
    start = np.concatenate([[0], ends])[index]
    u = np.clip(2 * (at - start) / np.array(widths)[index] - 1, -1, 1)
    edge = bow * at**2 + np.array(shorter)[index] + corner * np.abs(u) ** 5
    gap = 1 - 0.30 * np.exp(-((1 - np.abs(u)) / 0.10)) * np.minimum(1, at / 0.3 + 0.6)
    around = 1 - 0.10 * u**2
    depth = 0.36 + 0.64 * np.exp(-((at / 19.5) ** 2))
    return edge.astype(np.float32), (gap * around * depth).astype(np.float32)


TOP = _row(UPPER_TEETH, 0.0042, (0.0, 0.55, 0.15, 0.7, 1.0, 1.3), 0.55)
BOTTOM = _row(LOWER_TEETH, 0.0030, (0.0, 0.1, 0.0, 0.4, 0.8, 1.0), 0.40)


@dataclass(frozen=True)
class Light:
    """The colour of the cheeks at the viewer's left and right: R'G'B' in 0..255."""

    left: np.ndarray
    right: np.ndarray

    def luma(self, t: np.ndarray) -> np.ndarray:
        """Brightness across the mouth, -1 the left corner, 1 the right one."""
        left, right = float(self.left @ WEIGHTS), float(self.right @ WEIGHTS)
        return (left + right) / 2 + np.clip(t, -1, 1) * (right - left) * 0.35

    def tint(self, red: float, green: float, blue: float, share: float) -> np.ndarray:
        """A colour of luma 1 as this light shows it: `share` of the cheeks' own cast over it."""
        mean = (self.left + self.right) / 2
        cast = mean / max(float(mean @ WEIGHTS), 1.0)
        made = np.array([red, green, blue], np.float32) * (1 - share + share * cast)
        return made / float(made @ WEIGHTS)


def paint(
    mouth: Mouth,
    x: np.ndarray,
    y: np.ndarray,
    above: np.ndarray,
    below: np.ndarray,
    light: Light,
    own: np.ndarray | None = None,
) -> np.ndarray:
    """The inside at points x, y (mm, float32 (h, w)) between lips whose edges are at `above` and `below` there.

    `own` is the picture itself at these points where it shows teeth: those are used, fixed to the head as they are. R'G'B'
    0..255, float32 (h, w, 3).
    """
    pose = mouth.pose
    t = (x - mouth.middle) / max(mouth.half, 1.0)
    luma = light.luma(t)
    depth = y - above
    height = np.maximum(below - above, 0.1)
    middle = float(np.median(mouth.meeting))
    ride = pose.jaw * 0.93
    # How deep the mouth is seen to be: darkest under the upper teeth, a little lighter towards the lower lip.
    tone = 0.09 + 0.08 * np.clip(depth / np.maximum(height, 4), 0, 1)
    out = (luma * tone)[..., None] * light.tint(1.75, 0.82, 0.72, 0.3)
    place = np.clip(((x - mouth.middle + REACH) / CELL + 0.5).astype(np.int32), 0, len(AXIS) - 1)
    soft = 0.35
    # The tongue: a mound that rides with the jaw and rises with what is said.
    lift = np.clip(pose.tongue, 0, 1)
    out = _over(out, *_tongue(x - mouth.middle, y - middle, ride, lift, luma, light, front=False))
    lower_edge = middle + ride + 0.6 + BOTTOM[0][place]
    shade = (0.30 + 0.40 * np.clip((y - lower_edge) / 3.5, 0, 1)) * BOTTOM[1][place]
    alpha = np.clip((y - lower_edge) / soft + 0.5, 0, 1)
    out = _over(out, (luma * 0.92 * shade)[..., None] * light.tint(1.06, 1.0, 0.86, 0.35), alpha)
    if lift > 0.75:
        made, alpha = _tongue(x - mouth.middle, y - middle, ride, lift, luma, light, front=True)
        out = _over(out, made, alpha * (lift - 0.75) * 4)
    if own is None:
        edge = middle + EDGE - TOP[0][place]
        rise = np.clip((edge - y) / 6.0, 0, 1)
        shade = (1.06 - 0.16 * rise - 0.10 * np.exp(-np.maximum(edge - y, 0) / 0.7)) * TOP[1][place]
        alpha = np.clip((edge - y) / soft + 0.5, 0, 1)
        out = _over(out, (luma * shade)[..., None] * light.tint(1.05, 1.0, 0.89, 0.35), alpha)
    else:
        # Where lips uncover more than the picture shows, a rim of lip would stay around its teeth.
        lips = mouth.lips
        high, low = (np.interp(x, lips.x, edge).astype(np.float32) for edge in (lips.upper, lips.lower))
        high = high + RIM[0] * np.clip((high - above) / 0.5, 0, 1)
        low = low - RIM[1] * np.clip((below - low) / 1.2, 0, 1)
        alpha = np.clip((y - high) / soft + 0.5, 0, 1) * np.clip((low - y) / 0.6 + 0.5, 0, 1)
        dimmed = own * (1 - pose.shade * np.array(SHADE, np.float32))
        out = _over(out, dimmed, alpha * ((x > lips.left) & (x < lips.right)))
    # The upper lip's shadow, and the corners.
    near = 1 - 0.7 * pose.tuck  # teeth on the lower lip stand in the light
    lifted = float(np.clip(np.max(above - np.interp(x, mouth.lips.x, mouth.lips.upper)), 0, 1))
    shadow = 0.40 * near if own is None else 0.25 * lifted
    dim = 1 - shadow * np.exp(-np.maximum(depth, 0) / 1.8)
    if own is None:
        dim = dim * (1 - 0.75 * np.clip(np.abs(t), 0, 1) ** 2.6)
        dim = dim * (1 - 0.20 * near * np.exp(-np.maximum(below - y, 0) / 0.8))
    return out * dim[..., None]


def _over(under: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return under + (colour - under) * alpha[..., None]


def _tongue(
    x: np.ndarray, y: np.ndarray, ride: float, lift: float, luma: np.ndarray, light: Light, front: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Colour and alpha of the tongue; `front`: its tip between the teeth."""
    if front:
        top, side = EDGE - 0.3, 11.0
        round_ = np.sqrt(np.maximum(1 - (x / side) ** 2, 0))
        edge = top + 0.9 * (1 - round_)
        inside = np.clip((y - edge) / 0.5, 0, 1) * np.clip((1 - (x / side) ** 2) * 4, 0, 1)
        inside = inside * np.clip((ride + 2.6 - y) / 1.2, 0, 1)
        shade = 0.74 - 0.12 * np.exp(-((x / 1.6) ** 2))
    else:
        top = ride * (0.72 - 0.62 * max(lift - 0.2, 0)) + 1.6 - 1.4 * lift
        side = 17.0 - 4.0 * lift
        edge = top + 5.0 * (np.abs(x) / side) ** 2.4
        inside = np.clip((y - edge) / 1.6, 0, 1) * np.clip((1 - (x / side) ** 2) * 3, 0, 1)
        shade = 0.22 + 0.16 * np.clip((y - edge) / 5.0, 0, 1) - 0.06 * np.exp(-((x / 1.8) ** 2))
        shade = shade + 0.10 * lift
    return (luma * shade)[..., None] * light.tint(1.55, 0.86, 0.80, 0.3), inside
