"""Which of a character's mouth drawings is seen in a decoded frame, where the mouths are drawings (`portray: sheet`).

Every drawing is put on the character's face as it stands in the frame. In each frame the picture that differs least from what
is seen there, of all drawings, places and turns of the head, says which drawing is shown. What the renderer chose is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from talkmill.measure.subject import Drawings, Face
from talkmill.measure.watch import Seen, Surroundings
from talkmill.picture import shapes as choosing
from talkmill.picture import sprite
from talkmill.picture.idle import Idle
from talkmill.picture.layout import Layout
from talkmill.picture.puppet import Pose, Puppet
from talkmill.picture.rig import Rig

ACROSS = 64
"""Pixels across all mouths at which they are compared: less blurs their lines, more takes time and knows no more."""
MARGIN = 0.08
"""What is compared around the mouths, in their width: their outline on the skin says where they are."""
TURNS = np.arange(-7.5, 7.6, 1.5)
"""Degrees by which a head may be turned: that of a full tilt, and what idle motion adds."""
UNLIKE = 0.5
"""Difference from the nearest drawing, against that between drawings, from which a frame shows none of them."""
KEPT = 1.15
"""How much worse than the nearest drawing the one before may fit and still be taken for it: two may look almost the same."""


def drawings_of(rig: Rig, layout: Layout, fps: int) -> dict[str, Any]:
    """What a `Face` holds of a rig whose mouths are drawings (all but character, start and frames)."""
    puppet = Puppet(rig, layout)
    names = choosing.drawings(rig.mouth)
    x, y, width, height = puppet.mouth.box
    pad = MARGIN * width
    at = puppet.mouth_at
    box = (int(at[0] + x - pad), int(at[1] + y - pad), int(at[0] + x + width + pad) + 1, int(at[1] + y + height + pad) + 1)
    rest, eye = Idle(0, 0, 0, 0, 0, 0, 0), np.array([(1.0, 0, 0), (0, 1.0, 0)])
    pictures, alpha = [], []
    for name in names:
        head = sprite.window(puppet.head({"mouth": name}, rest, Pose(eye, eye, 0.0, 0.0)), box)
        pictures.append(head.image[..., :3])
        alpha.append(sprite.window(puppet.mouth.mouths[name], box).image[..., 3])
    side = 2 * round(pad) + 1
    weight = cv2.dilate(np.max(alpha, axis=0), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    weight[head.image[..., 3] < 250] = 0
    sizes = [cv2.boundingRect(np.ascontiguousarray(one))[2:] for one in alpha]
    resting = sizes[names.index(rig.mouth["shapes"]["sil"])]
    tallest = max(size[1] for size in sizes)
    made = Drawings(
        names=tuple(names),
        visemes=tuple(tuple(v for v, layer in rig.mouth["shapes"].items() if layer == name) for name in names),
        pictures=np.stack(pictures),
        weight=weight,
        corner=box[:2],
        heights=tuple(float(size[1]) for size in sizes),
        widths=tuple(float(size[0]) for size in sizes),
        step=choosing.step(fps) if rig.mouth["twos"] else 1,
    )
    return {
        "anchor": at,
        "unit": resting[0] / 2,
        "gap": float(max(tallest - resting[1], 1)),
        "reach": 0.075 * puppet.face,
        "mouth": {},
        "around": (),
        "drawings": made,
    }


Fit = tuple[float, tuple[float, float]]
"""Of a drawing in a view: the least difference, in levels, and where (pixels of the view)."""


@dataclass(frozen=True)
class _Turned:
    """All drawings at one turn of the head: pictures and weight as `cv2.matchTemplate` takes them."""

    pictures: list[np.ndarray]
    weight: np.ndarray


class Matcher:
    """Follows one face's drawn mouth; `origin` is the corner of the pictures it is given."""

    def __init__(self, face: Face, origin: tuple[int, int]) -> None:
        assert face.drawings is not None  # noqa: S101 - for the type checker
        self.face, self.drawings, self.origin = face, face.drawings, origin
        self.scale = min(1.0, ACROSS / self.drawings.weight.shape[1])
        self.turned = [self._turn(float(angle)) for angle in TURNS]
        self.middle = len(TURNS) // 2
        self.spread = self._spread()
        self.seen = Seen.empty(face)
        self.seen.drawing[:] = -1
        self.surroundings = Surroundings(self.seen, (round(2.6 * face.unit), round(1.2 * face.unit + face.gap)))
        self.before: tuple[int, int] | None = None  # turn and drawing of the frame before

    def _turn(self, angle: float) -> _Turned:
        one = self.drawings
        height, width = one.weight.shape
        way = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -angle, 1.0)
        size = (max(8, round(width * self.scale)), max(8, round(height * self.scale)))

        def made(picture: np.ndarray, mode: int) -> np.ndarray:
            turned = cv2.warpAffine(picture, way, (width, height), flags=cv2.INTER_LINEAR, borderMode=mode)
            return cv2.resize(turned, size, interpolation=cv2.INTER_AREA).astype(np.float32)

        weight = made(one.weight, cv2.BORDER_CONSTANT) / 255
        return _Turned([made(picture, cv2.BORDER_REPLICATE) for picture in one.pictures], np.dstack([weight] * 3))

    def _spread(self) -> float:
        """Difference between two drawings, in the middle of all pairs that are not alike."""
        turned = self.turned[self.middle]
        total = float((turned.weight**2).sum())
        apart = [
            np.sqrt((((one - other) * turned.weight) ** 2).sum() / total)
            for index, one in enumerate(turned.pictures)
            for other in turned.pictures[:index]
        ]
        return float(np.median([value for value in apart if value > 1] or [1.0]))

    def look(self, picture: np.ndarray, frame: int) -> None:
        """Find the drawing in a picture of Y', Cb, Cr planes, uint8 (3, h, w): frame `frame` of the face's shot."""
        left, top, right, bottom = self.face.window
        x, y = max(left - self.origin[0], 0), max(top - self.origin[1], 0)
        view = picture[:, y : max(bottom - self.origin[1], 0), x : max(right - self.origin[0], 0)]
        size = tuple(round(side * self.scale) for side in view.shape[:0:-1])
        small = cv2.resize(cv2.merge(list(view)), size, interpolation=cv2.INTER_AREA).astype(np.float32)
        turn, fits = self._best(small)
        best = _least(fits)
        if self.before is not None and fits[self.before[1]][0] <= KEPT * fits[best][0]:
            best = self.before[1]
        apart, place = fits[best]
        if apart > UNLIKE * self.spread:
            self.before = None
            self.surroundings.forget()
            return
        self.before = (turn, best)
        seen, one = self.seen, self.drawings
        seen.drawing[frame] = best
        seen.height[frame], seen.width[frame] = one.heights[best], one.widths[best]
        seen.x[frame] = place[0] / self.scale + x + self.origin[0] - one.corner[0] + self.face.anchor[0]
        seen.y[frame] = place[1] / self.scale + y + self.origin[1] - one.corner[1] + self.face.anchor[1]
        self.surroundings.look(picture[0], frame, self.origin, 0.4 * self.face.gap)

    def _best(self, view: np.ndarray) -> tuple[int, list[Fit]]:
        """By which turn the drawings fit the view best, and how they do. From one frame to the next it changes by a step."""
        every = range(len(self.turned[0].pictures))
        if self.before is None:
            found = {turn: self._fits(view, turn, every) for turn in range(len(TURNS))}
            turn = min(found, key=lambda one: min(found[one])[0])
            return turn, found[turn]
        turn = self.before[0]
        fits = self._fits(view, turn, every)
        best = _least(fits)
        near = [one for one in (turn - 1, turn + 1) if 0 <= one < len(TURNS)]
        apart, other = min((self._fits(view, one, [best])[0][0], one) for one in near)
        if KEPT * apart < fits[best][0]:
            return other, self._fits(view, other, every)
        return turn, fits

    def _fits(self, view: np.ndarray, turn: int, drawings: Iterable[int]) -> list[Fit]:
        """Of some drawings at a turn."""
        turned = self.turned[turn]
        total = float((turned.weight**2).sum())
        out = []
        for number in drawings:
            picture = turned.pictures[number]
            field = cv2.matchTemplate(view, picture, cv2.TM_SQDIFF, mask=turned.weight)
            least, _, (x, y), _ = cv2.minMaxLoc(field)
            place = (x + _between(field[y], x), y + _between(field[:, x], y))
            out.append((float(np.sqrt(max(least, 0.0) / total)), place))
        return out


def _least(fits: Sequence[Fit]) -> int:
    return min(range(len(fits)), key=lambda index: fits[index][0])


def _between(values: np.ndarray, at: int) -> float:
    """Where between the pixels the least of `values` is, whose least pixel is `at`: the vertex of a parabola, from `at`."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, here, after = (float(value) for value in values[at - 1 : at + 2])
    bend = before - 2 * here + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend > 0 else 0.0
