"""A stage: one to three characters in one picture, ready to be drawn.

What does not move is put together once; a frame copies it and blends each figure's rear hair, body and head over it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from talkmill.picture import sprite
from talkmill.picture.background import background, vignette
from talkmill.picture.colour import Planes
from talkmill.picture.idle import idle
from talkmill.picture.layout import group
from talkmill.picture.name_line import name_line
from talkmill.picture.puppet import Puppet
from talkmill.picture.rig import Rig
from talkmill.picture.sprite import Sprite

LOOK, TURN = 0.85, 0.55
"""Gaze and turn of a face that looks at its neighbour."""


@dataclass(frozen=True)
class Seen:
    """One character's part in one frame."""

    curves: Mapping[str, float]
    look: float = 0.0  # -1..1: towards the left or the right neighbour, where `viewer` does not take the eyes away
    named: float = 1.0  # 0..1: how much of its name's plate is seen


@dataclass
class Actor:
    """A character on the stage."""

    name: str
    puppet: Puppet
    body: Sprite | None = None  # the part that breathes
    plate: Sprite | None = None  # the name, where it is not in the still part of the picture
    drawn: tuple[bytes, Planes | Sprite | None] | None = None  # the body's last pose, and what was drawn for it


class Stage:
    """Characters side by side, the first on the left.

    Args:
        size: width and height of the frame.
        cast: the characters' ids.
        scenes, rigs: one a character.
        images: the background's image, or None, one a character.
        seed: of the background's dither.
    """

    def __init__(
        self,
        size: tuple[int, int],
        cast: Sequence[str],
        scenes: Sequence[Mapping[str, Any]],
        rigs: Sequence[Rig],
        images: Sequence[Path | None],
        seed: int,
    ) -> None:
        width, height = size
        self.size, self.clip = size, (0, 0, width, height)
        puppets = [Puppet(rig, layout) for rig, layout in zip(rigs, group(rigs, size, scenes), strict=True)]
        self.actors = [Actor(name, puppet) for name, puppet in zip(cast, puppets, strict=True)]
        self.still = Planes.of(_backdrop(size, scenes, images, puppets), seed)
        # The still parts of the bodies begin at a whole, even row, the same for all; above it the bodies breathe.
        self.seam = min(height, math.ceil(max(puppet.anchor for puppet in puppets) / 2) * 2)
        lowest = self.seam
        for actor, rig in self.back_to_front(zip(self.actors, rigs, strict=True)):
            puppet = actor.puppet
            puppet.anchor = float(self.seam)
            lowest = max(lowest, puppet.still.box[3] + 0.10 * puppet.face)
            if puppet.body is not None:
                whole = puppet.body
                if rig.face.get("cut", True):
                    whole = sprite.extended(whole, height, width, 0.17 * puppet.face, rig.face["arms"])
                actor.body = sprite.window(whole, (whole.x, whole.y, whole.box[2], min(self.seam + 2, whole.box[3])))
                if self.seam < height:
                    self._blend(self.still, sprite.window(whole, (0, self.seam, width, height)))
        start = max(lowest, 0.70 * height)
        if start < 0.93 * height:
            first = round(start / 2) * 2
            self._blend(self.still, Sprite(vignette(size, first), 0, first))
        chin = max(puppet.chin for puppet in puppets)
        for index, (actor, scene) in enumerate(zip(self.actors, scenes, strict=True)):
            plate = name_line(size, scene, chin, index / (len(puppets) - 1) if len(puppets) > 1 else 0.0)
            if plate is None:
                continue
            image, x, y = plate
            actor.plate = _even(Sprite(image, x, y))
            if len(puppets) == 1 and y > lowest:
                self._blend(self.still, actor.plate)
                actor.plate = None

    @property
    def puppet(self) -> Puppet:
        """The puppet of the first character."""
        return self.actors[0].puppet

    @property
    def body(self) -> Sprite | None:
        """The part of the first character's body that breathes."""
        return self.actors[0].body

    @staticmethod
    def back_to_front(actors: Any) -> list[Any]:
        """The order in which figures are drawn: of three, the one in the middle stands behind."""
        placed = list(actors)
        return [placed[1], placed[0], placed[2]] if len(placed) == 3 else placed

    def _blend(self, planes: Planes, part: Sprite) -> None:
        planes.blend(part.image, part.x, part.y)

    def draw(self, seen: Mapping[str, Seen], frame: int, fps: int, seed: int) -> np.ndarray:
        """One frame, I420; `seen` says what each character does in it."""
        planes = None
        for actor in self.back_to_front(self.actors):
            puppet, part = actor.puppet, seen[actor.name]
            curves = turned(part.curves, part.look)
            now = idle(f"{seed} {actor.name}", frame, fps)
            pose = puppet.pose(curves, now)
            if planes is None and puppet.rear is None:
                planes = self._standing(actor, pose.body)
            else:
                planes = self.still.copy() if planes is None else planes
                if puppet.rear is not None:
                    self._warp(planes, puppet.rear, pose.head, self.clip)
                self._body(planes, actor, pose.body)
            self._warp(planes, puppet.head(curves, now, pose), pose.head, self.clip)
        planes = planes or self.still.copy()
        for actor in self.actors:
            shown = seen[actor.name].named
            if actor.plate is not None and shown > 0.004:
                self._blend(planes, actor.plate if shown > 0.996 else _faded(actor.plate, shown))
        return planes.data

    def _standing(self, actor: Actor, pose: np.ndarray) -> Planes:
        """A copy of the still picture with the body in front of it; the last one is kept, as bodies move little."""
        if actor.drawn is None or actor.drawn[0] != pose.tobytes():
            planes = self.still.copy()
            if actor.body is not None:
                self._warp(planes, actor.body, pose, (0, 0, self.size[0], self.seam))
            actor.drawn = pose.tobytes(), planes
        return actor.drawn[1].copy()

    def _body(self, planes: Planes, actor: Actor, pose: np.ndarray) -> None:
        """The body over what is there; as it was warped for the last frame, where it has not moved since."""
        if actor.body is None:
            return
        if actor.drawn is None or actor.drawn[0] != pose.tobytes():
            placed = sprite.warped(actor.body, pose, (0, 0, self.size[0], self.seam), grid=2)
            actor.drawn = pose.tobytes(), placed
        if actor.drawn[1] is not None:
            self._blend(planes, actor.drawn[1])

    def _warp(self, planes: Planes, part: Sprite, matrix: np.ndarray, clip: tuple[int, int, int, int]) -> None:
        placed = sprite.warped(part, matrix, clip, grid=2)
        if placed is not None:
            self._blend(planes, placed)


def turned(curves: Mapping[str, float], look: float) -> Mapping[str, float]:
    """The curves of a face that looks at its neighbour (`look`) as far as `viewer` lets it."""
    share = look * (1 - min(max(curves.get("viewer", 0.0), 0.0), 1.0))
    if share == 0:
        return curves
    return {
        **curves,
        "gaze_x": curves.get("gaze_x", 0.0) + LOOK * share,
        "turn": curves.get("turn", 0.0) + TURN * share,
    }


def _backdrop(
    size: tuple[int, int], scenes: Sequence[Mapping[str, Any]], images: Sequence[Path | None], puppets: Sequence[Puppet]
) -> np.ndarray:
    """What is behind the characters: where their backgrounds differ, one goes softly over into the next."""
    width = size[0]
    places = [puppet.at(puppet.rig.face["centre"]) for puppet in puppets]
    heights = [y + 0.06 * puppet.face for (_, y), puppet in zip(places, puppets, strict=True)]
    radius = 0.75 * max(puppet.face for puppet in puppets) * (1, 1.35, 1.7)[len(puppets) - 1]
    disc = (width / 2, sum(heights) / len(heights), radius)
    made = background(size, scenes[0]["background"], images[0], disc)
    for index, (scene, image) in enumerate(zip(scenes, images, strict=True)):
        if not index or (scene["background"], image) == (scenes[index - 1]["background"], images[index - 1]):
            continue
        picture = background(size, scene["background"], image, disc)
        middle = (places[index - 1][0] + places[index][0]) / 2
        share = np.clip((np.arange(width, dtype=np.float32) - middle) / (0.36 * width) + 0.5, 0, 1)
        share = (share * share * (3 - 2 * share))[None, :, None]
        made += share * (picture - made)
    return made


def _faded(part: Sprite, share: float) -> Sprite:
    """The sprite at `share` of its opacity."""
    return Sprite(cv2.convertScaleAbs(part.image, alpha=share), part.x, part.y)


def _even(part: Sprite) -> Sprite:
    """The sprite with transparent edges added until its corners lie on even pixels."""
    left, top, right, bottom = part.box
    return sprite.window(part, (left - left % 2, top - top % 2, right + right % 2, bottom + bottom % 2))
