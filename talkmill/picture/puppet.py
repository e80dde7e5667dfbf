"""A rig at the size of a frame, and its poses: the face's parts are put together where they sit, the head moves as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from talkmill.picture import sprite
from talkmill.picture.drawn import DrawnMouth
from talkmill.picture.idle import Idle
from talkmill.picture.layout import Layout
from talkmill.picture.mouth import Mouth
from talkmill.picture.rig import Rig
from talkmill.picture.sprite import Sprite

TILT = 4.0
"""Degrees of a full tilt."""

_DEPTH = {"nose": 1.3, "glasses": 1.05}
"""How far a part moves with a turn or a nod, against the eyes' 1: what stands out moves more."""

_MEET = 0.72
"""The blink at which the lids meet."""

_HALF, _DOWN = 0.3, 0.75
"""The blink from which drawn eyes are half shut, and shut."""

_NARROW = 0.30
"""The blink that a fully narrowed eye looks like."""

_STILL = ("head", "beard", "front")
"""Parts of the head that do not move within it."""


@dataclass(frozen=True)
class Pose:
    """Where head and body are in one frame: 2x3 matrices of frame coordinates, and the shift of the face within the head."""

    head: np.ndarray
    body: np.ndarray
    face_x: float
    face_y: float


class Puppet:
    """One rig, loaded for one `layout`.

    `rear` and `body` are sprites at rest; `head(...)` puts the head together for a frame. `anchor` is the height (y) below
    which the body stands still.
    """

    def __init__(self, rig: Rig, layout: Layout) -> None:
        self.rig, self.layout = rig, layout
        scale = layout.scale
        self.face = (rig.face["chin"] - rig.face["skull"]) * scale
        self.nod = rig.face["nod"] * scale
        self.motion = rig.face.get("motion", 1.0)  # below 1 head and body are one drawing, and must not part at the neck
        self.pivot = self.at(rig.face["pivot"])
        self.chin = rig.face["chin"] * scale + layout.y
        self.mouth_at = self.at(rig.face["mouth"])
        self.mouth = DrawnMouth(rig, layout, self.mouth_at) if "shapes" in rig.mouth else Mouth(rig.mouth, scale)
        self.gaze = (rig.face["gaze"][0] * scale, rig.face["gaze"][1] * scale)
        loaded = {layer.part: sprite.load(rig, layer, layout) for layer in rig.layers if layer.part not in ("mouth", "shape")}
        self.rear, self.body = loaded.pop("rear", None), loaded.pop("body", None)
        self.parts = loaded
        self.order = [layer.part for layer in rig.layers if layer.part not in ("rear", "body", "shape")]
        still = sprite.stacked([loaded[part] for part in self.order if part in _STILL and part in loaded])
        everything = sprite.stacked([still, *(loaded[p] for p in ("glasses",) if p in loaded)])
        left, top, right, bottom = everything.box
        self.still = sprite.window(still, (left, top, right, bottom))
        self.box = self._face_box()
        self.fixed = {part: sprite.trimmed(sprite.window(loaded[part], self.box)) for part in _STILL if part in loaded}
        self.first = next((n for n, part in enumerate(self.order) if part not in self.fixed), len(self.order))
        self.ground = sprite.window(sprite.stacked([self.fixed[part] for part in self.order[: self.first]]), self.box)
        self.brows = self._halves("brows")
        self.anchor = self.chin + 0.44 * self.face
        if self.rear is not None:
            self.anchor = max(self.anchor, self.rear.box[3] + 0.05 * self.face)

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """A point of the rig's canvas in the frame."""
        return point[0] * self.layout.scale + self.layout.x, point[1] * self.layout.scale + self.layout.y

    def _face_box(self) -> tuple[int, int, int, int]:
        """The part of the head within which the face moves."""
        margin = math.ceil(0.09 * self.face)
        x, y, width, height = self.mouth.box
        left, top = self.mouth_at[0] + x, self.mouth_at[1] + y
        boxes = [(left, top, left + width, top + height)]
        boxes += [part.box for name, part in self.parts.items() if name not in _STILL]
        grown = (
            min(b[0] for b in boxes) - margin,
            min(b[1] for b in boxes) - margin,
            max(b[2] for b in boxes) + margin,
            max(b[3] for b in boxes) + margin,
        )
        inside = self.still.box
        low, high = (math.floor, math.ceil)
        return (
            max(low(grown[0]), inside[0]),
            max(low(grown[1]), inside[1]),
            min(high(grown[2]), inside[2]),
            min(high(grown[3]), inside[3]),
        )

    def _halves(self, part: str) -> list[tuple[Sprite, tuple[float, float], int]]:
        """The left and the right half of a part: sprite, its middle, and +1 for the one whose inner end is on its right."""
        if part not in self.parts:
            return []
        whole = self.parts[part]
        split = min(max(round(self.at(self.rig.face["centre"])[0]), whole.x), whole.box[2])
        found = []
        for box, inner in (((whole.x, whole.y, split, whole.box[3]), 1), ((split, whole.y, whole.box[2], whole.box[3]), -1)):
            if box[0] < box[2]:
                half = sprite.trimmed(sprite.window(whole, box))
                found.append((half, ((half.x + half.box[2]) / 2, (half.y + half.box[3]) / 2), inner))
        return found

    # --- pose ---------------------------------------------------------------------------------------

    def pose(self, curves: Mapping[str, float], idle: Idle) -> Pose:
        """Head, body and face for one frame's curves on top of the idle motion."""
        turn = curves.get("turn", 0.0) + idle.turn
        nod = curves.get("nod", 0.0) * self.nod
        tilt = math.radians(curves.get("tilt", 0.0) * TILT + idle.tilt) * self.motion
        x = idle.x * self.face + 0.012 * turn * self.face
        rise = -0.011 * idle.breath * self.face
        y = idle.y * self.face + 0.5 * nod + rise
        body_x = 0.5 * x if self.motion == 1 else x
        cos, sin = math.cos(tilt), math.sin(tilt)
        squash = 1 - 0.12 * abs(nod) / self.face
        px, py = self.pivot
        turned = np.array([(cos, -sin * squash), (sin, cos * squash)])
        offset = np.array([px + x, py + y]) - turned @ np.array([px, py])
        head = np.column_stack([turned, offset])
        reach = self.anchor - py
        body_x, breath = _stepped(body_x), _stepped(rise)
        lean, stretch = -body_x / reach, 1 - breath / reach
        body = np.array([(1, lean, -lean * self.anchor), (0, stretch, self.anchor * (1 - stretch))])
        return Pose(head, body, 0.026 * turn * self.face, 0.6 * nod)

    def head(self, curves: Mapping[str, float], idle: Idle, pose: Pose) -> Sprite:
        """The head with its face, as it sits at rest; `pose.head` takes it to its place."""
        left, top, right, bottom = self.box
        face = Sprite(self.ground.image.copy(), left, top)
        eyes_done = False
        for part in self.order[self.first :]:
            if part in self.fixed:
                sprite.draw(face, self.fixed[part])
            elif part == "mouth":
                depth = 0.2 if "beard" in self.parts else 1.0  # a beard stays, and so does the mouth in it
                x, y = self.mouth_at[0] + depth * pose.face_x, self.mouth_at[1] + depth * pose.face_y
                self.mouth.paint(face.image, x - left, y - top, curves)
            elif part == "brows":
                self._draw_brows(face, curves, pose)
            elif part in ("nose", "glasses"):
                depth = _DEPTH[part]
                sprite.draw(face, sprite.moved(self.parts[part], depth * pose.face_x, depth * pose.face_y))
            elif not eyes_done:
                eyes_done = True
                self._draw_eyes(face, curves, idle, pose)
        image = self.still.image.copy()
        rows, columns = top - self.still.y, left - self.still.x
        image[rows : rows + bottom - top, columns : columns + right - left] = face.image
        return Sprite(image, self.still.x, self.still.y)

    # --- parts of the face --------------------------------------------------------------------------

    def _draw_brows(self, face: Sprite, curves: Mapping[str, float], pose: Pose) -> None:
        brow, frown = curves.get("brow", 0.0), curves.get("inner", 0.0)
        up = -brow * (0.052 if brow > 0 else 0.034) * self.face
        for half, (x, y), inner in self.brows:
            angle = math.radians((-3.0 if brow > 0 else -12.0) * brow - (17.0 if frown > 0 else 16.0) * frown) * inner
            cos, sin = math.cos(angle), math.sin(angle)
            turned = np.array([(cos, -sin), (sin, cos)])
            near = inner * self.face * (0.006 * max(-brow, 0) + 0.016 * max(-frown, 0))
            shift = np.array([x + pose.face_x + near, y + pose.face_y + up + 0.012 * self.face * max(-frown, 0)])
            matrix = np.column_stack([turned, shift - turned @ np.array([x, y])])
            placed = sprite.warped(half, matrix, face.box)
            if placed is not None:
                sprite.draw(face, placed)

    def _draw_eyes(self, face: Sprite, curves: Mapping[str, float], idle: Idle, pose: Pose) -> None:
        blink = min(max(curves.get("blink", 0.0), 0.0), 1.0)
        gaze = (
            min(max(curves.get("gaze_x", 0.0) + idle.gaze_x, -1.0), 1.0),
            -min(max(curves.get("gaze_y", 0.0) + idle.gaze_y, -1.0), 1.0),
        )
        if "eyes" in self.parts:
            self._draw_drawn_eyes(face, blink, gaze, pose)
            return
        lid = min(max(curves.get("lid", 0.0), -1.0), 1.0)
        blink = max(blink, blink + (_NARROW - blink) * max(-lid, 0.0)) if blink < _MEET else blink
        wide = max(lid, 0.0) * (1 - min(blink / _MEET, 1.0))
        slant = curves.get("inner", 0.0) if not self.brows else 0.0
        shut = self.parts["shut"]
        # Where the lids meet: the upper one comes down over a white, a dot is squashed from both sides.
        line = shut.y + (0.78 if "lashes" in self.parts else 0.4) * shut.image.shape[0]
        if blink < _MEET:
            if "dots" in self.parts:
                self._draw_dots(face, blink / _MEET, wide, slant, gaze, line, pose)
            else:
                self._draw_whites(face, blink / _MEET, wide, slant, gaze, line, pose)
        else:
            # The closed lid unfolds from a straight line, which is what the open eye has just become.
            bend = 0.25 + 0.75 * _smooth(blink, _MEET - 0.1, 1.0)
            self._squash(face, shut, (1.0, bend), line, (pose.face_x, pose.face_y))

    def _draw_drawn_eyes(self, face: Sprite, blink: float, gaze: tuple[float, float], pose: Pose) -> None:
        """Eyes that are drawings: a blink changes them as a whole; pupils that are a layer of their own look about."""
        shown = "eyes"
        if blink >= _HALF and ("half" in self.parts or "shut" in self.parts):
            shown = "half" if "shut" not in self.parts or ("half" in self.parts and blink < _DOWN) else "shut"
        eyes = self.parts[shown]
        if shown == "eyes" and "pupils" in self.parts:
            looking = sprite.moved(self.parts["pupils"], gaze[0] * self.gaze[0], gaze[1] * self.gaze[1])
            seen = eyes.image[..., 3]
            eyes = Sprite(eyes.image.copy(), eyes.x, eyes.y)
            sprite.draw(eyes, sprite.window(looking, eyes.box))
            # The pupils never reach beyond the open eye.
            cut = cv2.divide(seen, np.maximum(eyes.image[..., 3], 1), scale=255)
            cv2.multiply(eyes.image, cv2.merge((cut, cut, cut, cut)), dst=eyes.image, scale=1 / 255)
        sprite.draw(face, sprite.moved(eyes, pose.face_x, pose.face_y))

    def _draw_dots(
        self, face: Sprite, closed: float, wide: float, slant: float, gaze: tuple[float, float], line: float, pose: Pose
    ) -> None:
        eyes = self._slanted(self.parts["dots"], slant)
        x, y = pose.face_x + gaze[0] * self.gaze[0], pose.face_y + gaze[1] * self.gaze[1]
        flat, broad = (1 - 0.78 * closed) * (1 + 0.24 * wide), 1 + 0.22 * closed + 0.06 * wide
        self._squash(face, eyes, (broad, flat), line, (x, y))

    def _draw_whites(
        self, face: Sprite, closed: float, wide: float, slant: float, gaze: tuple[float, float], line: float, pose: Pose
    ) -> None:
        """Whites and pupils between lids that close: what is seen of them is the white's own shape, made flatter."""
        white, pupils = self.parts["white"], self.parts["pupils"]
        box = (white.x - 2, white.y - 2, white.box[2] + 2, white.box[3] + 2)
        eye = sprite.window(white, box)
        seen = self._slanted(eye, slant).image[..., 3].copy()
        looking = sprite.moved(pupils, gaze[0] * self.gaze[0], gaze[1] * self.gaze[1])
        sprite.draw(eye, sprite.window(looking, box))
        if closed > 0:
            flat = 1 - closed
            lid = np.array([(1, 0, 0), (0, flat, (line - box[1] - 0.5) * closed)], dtype=np.float64)
            seen = cv2.warpAffine(seen, lid, seen.shape[::-1], flags=cv2.INTER_LINEAR, borderValue=0)
        # The pupils never reach beyond the white: everything in the window is cut to what is seen of it.
        cut = cv2.divide(seen, np.maximum(eye.image[..., 3], 1), scale=255)
        cv2.multiply(eye.image, cv2.merge((cut, cut, cut, cut)), dst=eye.image, scale=1 / 255)
        tall = 1 + 0.17 * wide
        if wide > 0:
            self._squash(face, eye, (1 + 0.04 * wide, tall), line, (pose.face_x, pose.face_y))
        else:
            sprite.draw(face, sprite.moved(eye, pose.face_x, pose.face_y))
        if "lashes" in self.parts:
            self._squash(face, self.parts["lashes"], (1.0, (1 - 0.90 * closed) * tall), line, (pose.face_x, pose.face_y))

    def _slanted(self, eyes: Sprite, slant: float) -> Sprite:
        """Both eyes under lids that hang at a slant: above 0 the outer ends are lower (sad), below 0 the inner ones (angry).

        Where a style draws no brows, this is what its frown looks like.
        """
        if abs(slant) < 0.01:
            return eyes
        made = Sprite(eyes.image.copy(), eyes.x, eyes.y)
        middle = self.at(self.rig.face["centre"])[0]
        wide, tall = (size * self.layout.scale for size in self.rig.face["eye_size"])
        lid = np.full(made.image.shape[:2], 255, np.uint8)
        for eye in self.rig.face["eyes"]:
            x, y = self.at(eye)
            towards = 1 if x < middle else -1  # the inner end is on this side
            low, high = y - tall * (0.5 - 0.58 * abs(slant)), y - tall * 0.62
            inner, outer = (high, low) if slant > 0 else (low, high)
            reach, far = 0.75 * wide, 2 * tall
            ends = [(x - towards * reach, outer), (x + towards * reach, inner)]
            corners = [*ends, (x + towards * reach, y - far), (x - towards * reach, y - far)]
            points = (np.array(corners) - (made.x, made.y)) * 16
            cv2.fillPoly(lid, [np.rint(points).astype(np.int32)], 0, cv2.LINE_AA, 4)
        cv2.multiply(made.image, cv2.merge((lid, lid, lid, lid)), dst=made.image, scale=1 / 255)
        return made

    def _squash(self, face: Sprite, eyes: Sprite, scale: tuple[float, float], line: float, shift: tuple[float, float]) -> None:
        """Both eyes scaled towards the line of the lids (y) and, each for itself, across."""
        middle = self.at(self.rig.face["centre"])[0]
        level = sum(self.at(eye)[1] for eye in self.rig.face["eyes"]) / 2
        common = line
        for eye in self.rig.face["eyes"]:
            x, y = self.at(eye)
            line = common + y - level  # one eye of a face that is turned lies higher
            box = (eyes.x, eyes.y, round(middle), eyes.box[3]) if x < middle else (round(middle), eyes.y, *eyes.box[2:])
            matrix = np.array([(scale[0], 0, x * (1 - scale[0]) + shift[0]), (0, scale[1], line * (1 - scale[1]) + shift[1])])
            placed = sprite.warped(sprite.window(eyes, box), matrix, face.box)
            if placed is not None:
                sprite.draw(face, placed)


def _stepped(pixels: float) -> float:
    """To a quarter of a pixel: finer is not seen, and a body that stands still for a frame need not be drawn anew."""
    return round(4 * pixels) / 4


def _smooth(value: float, start: float, end: float) -> float:
    """0 up to `start`, 1 from `end`, a smooth step between (3t^2 - 2t^3)."""
    t = min(max((value - start) / (end - start), 0.0), 1.0)
    return t * t * (3 - 2 * t)
