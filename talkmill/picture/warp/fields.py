"""Displacement of the lower face: two smooth layers that part at the line of the lips.

One smooth field cannot part lips that touch. Here the upper and the lower part of the face each have a field of their own; they
agree on the line that runs outward from the mouth's corners, so nothing tears there, and between the corners they may part. A
field says where each point of the face at rest goes, in mm of the face; `sources` inverts it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from talkmill.picture.warp.place import Lips, Placed
from talkmill.picture.warp.pose import Pose

STEPS = 5
"""Fixed-point steps to invert a field: its slope stays under 0.6, so the error shrinks to a twelfth: under 0.2 mm where most
moves."""
WINDOW = 60.0, 8.0, 34.0
"""The warp's reach in mm: to either side of the mouth, above the base of the nose, and below the chin. Beyond nothing
changes."""
SIDEWAYS = {True: 15.0, False: 20.0}
"""mm above and below the lips over which what moves sideways moves less and less."""


@dataclass(frozen=True)
class Mouth:
    """A pose on lips at rest: all that the fields depend on."""

    lips: Lips
    pose: Pose
    chin: float
    nose: float

    @property
    def middle(self) -> float:
        """x of the mouth's middle."""
        return (self.lips.left + self.lips.right) / 2

    @property
    def half(self) -> float:
        """Half the mouth's width at rest."""
        return (self.lips.right - self.lips.left) / 2

    @property
    def meeting(self) -> np.ndarray:
        """y at the nodes of where the lips meet when they shut: upper lips are less mobile, so it lies nearer to theirs."""
        return self.lips.upper + 0.34 * (self.lips.lower - self.lips.upper)


def mouth_of(placed: Placed, index: int, pose: Pose) -> Mouth:
    """The mouth of picture `index`."""
    lips = placed.lips[index]
    assert lips is not None  # noqa: S101 - asked for pictures with a face only
    return Mouth(lips, pose, placed.chin, placed.nose)


def line(mouth: Mouth, x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at the nodes, at any x; outward of the corners as at the corner."""
    return np.interp(x, mouth.lips.x, values).astype(np.float32)


def _falloff(d: np.ndarray, reach: float) -> np.ndarray:
    return np.exp(d * d * (-1 / reach**2))


def _fade(value: np.ndarray, start: float, end: float) -> np.ndarray:
    t = np.clip((value - start) / (end - start), 0, 1)
    return 1 - t * t * (3 - 2 * t)


def _across(mouth: Mouth, x: np.ndarray) -> np.ndarray:
    """Shares of the corners' way sideways: nothing in the middle, and beyond them less and less, as gently as there is room."""
    t = (x - mouth.middle) / mouth.half
    away = np.abs(t)
    return np.where(away < 1, t * (1.25 - 0.25 * t * t), np.sign(t) * _fade(away * mouth.half, mouth.half, WINDOW[0]))


def _common(mouth: Mouth, x: np.ndarray, y: np.ndarray, above: bool) -> tuple[np.ndarray, np.ndarray]:
    """Both layers alike on the lips' line: the corners' own way, and the lips' height."""
    pose = mouth.pose
    t = (x - mouth.middle) / mouth.half
    base = line(mouth, x, mouth.meeting)
    d = y - base
    dx = pose.width * _across(mouth, x) * _falloff(d, SIDEWAYS[above])
    lift = _falloff(np.abs(t) - 1, 0.55) * _falloff(d, 17.0)
    dy = (0.20 * pose.jaw - pose.corners) * lift
    lip = y - line(mouth, x, mouth.lips.upper if above else mouth.lips.lower)  # from its own edge, so that it parts no lips
    height = np.where(np.abs(t) < 1.3, np.clip(1.25 - t * t, 0, 1), 0) * _falloff(lip, 11.0)
    dy = dy + pose.thick * lip * height
    return dx, dy


def _power(pose: Pose) -> float:
    """Of the opening's outline: a lens, and an ellipse where lips are rounded."""
    return 0.8 - 0.22 * pose.round


def upper(mouth: Mouth, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """dx, dy in mm of points of the upper layer."""
    pose, lips = mouth.pose, mouth.lips
    dx, dy = _common(mouth, x, y, True)
    t = np.clip((x - mouth.middle) / mouth.half, -1, 1)
    up = np.maximum(line(mouth, x, lips.upper) - y, 0)
    near = _falloff(up, 9.0)
    dy = dy - pose.raised * (1 - t * t) ** _power(pose) * near
    apart = mouth.meeting - lips.upper
    if pose.voice and apart.any():
        dy = dy + line(mouth, x, apart) * pose.shut * pose.voice * _falloff(up, 10.0)
    return dx, dy


def lower(mouth: Mouth, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """dx, dy in mm of points of the lower layer."""
    pose, lips = mouth.pose, mouth.lips
    dx, dy = _common(mouth, x, y, False)
    t = (x - mouth.middle) / mouth.half
    edge = line(mouth, x, lips.lower)
    down = np.maximum(y - edge, 0)
    inner = np.clip(1 - t * t, 0, 1)
    lip = inner ** _power(pose)
    aside = np.abs(x - mouth.middle) / 34.0
    deep = np.exp(-aside * aside * np.sqrt(aside))
    share = np.clip(down / 17.0, 0, 1)
    share = share * share * (3 - 2 * share)
    long = max(mouth.chin - float(np.median(lips.lower)), 20.0)
    profile = lip + (deep - lip) * share
    along = 1 - 0.32 * np.clip(down / long, 0, 1)
    dy = dy + pose.jaw * profile * along * _fade(y, mouth.chin - 4, mouth.chin + 30)
    if pose.dropped:
        dy = dy + pose.dropped * lip * _falloff(down, 13.0)
    if pose.tuck:
        dy = dy - pose.tuck * (pose.jaw + 0.2) * inner * _falloff(down, 7.0)
    apart = lips.lower - mouth.meeting
    if pose.voice and apart.any():
        dy = dy - line(mouth, x, apart) * pose.shut * pose.voice * _falloff(down, 15.0)
    return dx, dy


def window(mouth: Mouth, y: np.ndarray) -> np.ndarray:
    """1 in the lower face, 0 from the upper and the lower edge of the warp's reach on."""
    _, above, below = WINDOW
    return _fade(-y, -mouth.nose - 6, -mouth.nose + above) * _fade(y, mouth.chin + 8, mouth.chin + below)


def moves(mouth: Mouth, x: np.ndarray, y: np.ndarray, above: bool) -> tuple[np.ndarray, np.ndarray]:
    """dx, dy in mm of points of a layer, within the warp's reach."""
    dx, dy = (upper if above else lower)(mouth, x, y)
    kept = window(mouth, y)
    return dx * kept, dy * kept * _fade(np.abs(x - mouth.middle), WINDOW[0] - 24, WINDOW[0])


def sources(mouth: Mouth, x: np.ndarray, y: np.ndarray, above: bool) -> tuple[np.ndarray, np.ndarray]:
    """Where in the face at rest each point (x, y) of the moved face comes from, in mm.

    A fixed point, from where it would be if the whole face moved sideways as the lips' line does: rounded lips stretch the
    cheeks so much that the search would not end otherwise.
    """
    sx, sy = x, y
    if mouth.pose.width:
        at = np.arange(-WINDOW[0] - 20, WINDOW[0] + 20.5, 0.5) + mouth.middle
        back = np.interp(x, at + mouth.pose.width * _across(mouth, at), at).astype(np.float32)
        sx = x + (back - x) * _falloff(y - line(mouth, back, mouth.meeting), SIDEWAYS[above])
    for _ in range(STEPS):
        dx, dy = moves(mouth, sx, sy, above)
        sx, sy = x - dx, y - dy
    return sx, sy


def edges(mouth: Mouth) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y of the upper and y of the lower lip's inner edge of the moved mouth at the nodes, on x of the upper one."""
    x = mouth.lips.x
    ux, uy = upper(mouth, x, mouth.lips.upper)
    lx, ly = lower(mouth, x, mouth.lips.lower)
    above_x, above_y = x + ux, mouth.lips.upper + uy
    below_y = np.interp(above_x, x + lx, mouth.lips.lower + ly)
    return above_x, above_y, below_y
