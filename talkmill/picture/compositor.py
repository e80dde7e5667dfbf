"""The compositor: shots, scenes, rigs and curves to frames.

What does not move is put together once a character (`Stage`); a frame copies it and blends rear hair, body and head over it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from talkmill.errors import RequestError
from talkmill.picture import shapes, sprite
from talkmill.picture.background import background, vignette
from talkmill.picture.colour import Planes, to_rgb
from talkmill.picture.idle import idle
from talkmill.picture.layout import place
from talkmill.picture.name_line import name_line
from talkmill.picture.puppet import Puppet
from talkmill.picture.rig import Rig
from talkmill.picture.sprite import Sprite

SIZES = {"vertical": (1080, 1920), "square": (1080, 1080), "wide": (1920, 1080)}
"""Width and height of the formats."""


class Stage:
    """One character in its scene, ready to be drawn: the still part of the picture and the puppet in front of it."""

    def __init__(self, size: tuple[int, int], scene: Mapping[str, Any], rig: Rig, image: Path | None, seed: int) -> None:
        width, height = size
        self.size, self.clip = size, (0, 0, width, height)
        layout = place(rig, size, scene)
        self.puppet = puppet = Puppet(rig, layout)
        eyes = puppet.at(rig.face["centre"])
        disc = (width / 2, eyes[1] + 0.06 * puppet.face, 0.75 * puppet.face)
        self.still = Planes.of(background(size, scene["background"], image, disc), seed)
        # The still part of the body begins at a whole, even row; above it the body breathes.
        self.seam = min(height, math.ceil(puppet.anchor / 2) * 2)
        puppet.anchor = float(self.seam)
        self.body = None
        lowest = max(self.seam, puppet.still.box[3] + 0.10 * puppet.face)
        if puppet.body is not None:
            whole = puppet.body
            if rig.face.get("cut", True):
                whole = sprite.extended(whole, height, width, 0.17 * puppet.face, rig.face["arms"])
            self.body = sprite.window(whole, (whole.x, whole.y, whole.box[2], min(self.seam + 2, whole.box[3])))
            if self.seam < height:
                self._blend(self.still, sprite.window(whole, (0, self.seam, width, height)))
        start = max(lowest, 0.70 * height)
        if start < 0.93 * height:
            first = round(start / 2) * 2
            self._blend(self.still, Sprite(vignette(size, first), 0, first))
        self.plate = None
        plate = name_line(size, scene, puppet.chin)
        if plate is not None:
            image_, x, y = plate
            self.plate = _even(Sprite(image_, x, y))
            if y > lowest:
                self._blend(self.still, self.plate)
                self.plate = None

    def _blend(self, planes: Planes, part: Sprite) -> None:
        planes.blend(part.image, part.x, part.y)

    def draw(self, curves: Mapping[str, float], frame: int, fps: int, seed: str) -> np.ndarray:
        """One frame, I420."""
        puppet = self.puppet
        now = idle(seed, frame, fps)
        pose = puppet.pose(curves, now)
        planes = Planes(*self.size)
        planes.data[...] = self.still.data
        if puppet.rear is not None:
            self._warp(planes, puppet.rear, pose.head, self.clip)
        if self.body is not None:
            self._warp(planes, self.body, pose.body, (0, 0, self.size[0], self.seam))
        self._warp(planes, puppet.head(curves, now, pose), pose.head, self.clip)
        if self.plate is not None:
            self._blend(planes, self.plate)
        return planes.data

    def _warp(self, planes: Planes, part: Sprite, matrix: np.ndarray, clip: tuple[int, int, int, int]) -> None:
        placed = sprite.warped(part, matrix, clip, grid=2)
        if placed is not None:
            self._blend(planes, placed)


class Studio:
    """Frames of one episode in one format.

    Args:
        size: width and height in pixels, both even.
        fps: frames a second.
        shots: `{"character", "start", "frames"}` in order, without gaps.
        scenes: by character, the resolved scene: the keys of specs `Scene` with every default filled in, and `name`.
        rigs: by character.
        curves: one loaded curves.json a shot.
        seed: of the idle motion and of the background's dither.
        backgrounds: by character, the image file where the scene's background is one.
    """

    def __init__(
        self,
        size: tuple[int, int],
        fps: int,
        shots: Sequence[Mapping[str, Any]],
        scenes: Mapping[str, Mapping[str, Any]],
        rigs: Mapping[str, Rig],
        curves: Sequence[Mapping[str, Any]],
        seed: int,
        backgrounds: Mapping[str, Path] | None = None,
    ) -> None:
        if size[0] % 2 or size[1] % 2:
            raise RequestError(f"render: the picture's size is odd ({size[0]}x{size[1]}). Give even numbers.")
        if len(curves) != len(shots):
            raise RequestError(f"render: {len(shots)} shots and {len(curves)} curves. Give one curves.json a shot.")
        for shot, made in zip(shots, curves, strict=True):
            if made["frames"] < shot["frames"]:
                found = f"{made['frames']} of {shot['frames']} frames"
                raise RequestError(
                    f"render: the curves of a shot of {shot['character']} are too short ({found}). Make them again."
                )
        cv2.setNumThreads(1)  # the encoder has the other cores; and a sum is the same on any machine
        self.size, self.fps, self.shots, self.curves, self.seed = size, fps, list(shots), list(curves), seed
        self.scenes, self.rigs, self.backgrounds = scenes, rigs, backgrounds or {}
        self._stages: dict[str, Stage] = {}
        self._mouths: dict[int, list[str]] = {}

    @property
    def count(self) -> int:
        """Frames in all."""
        return sum(shot["frames"] for shot in self.shots)

    def frames(self) -> Iterator[np.ndarray]:
        """Every frame in order: I420, BT.709 limited range, uint8 of shape (h * 3 // 2, w)."""
        for index, shot in enumerate(self.shots):
            for offset in range(shot["frames"]):
                yield self._draw(index, offset)

    def still(self, frame: int) -> np.ndarray:
        """One frame of the episode as R'G'B', uint8 (h, w, 3)."""
        for index, shot in enumerate(self.shots):
            if shot["start"] <= frame < shot["start"] + shot["frames"]:
                return to_rgb(self._draw(index, frame - shot["start"]))
        raise RequestError(f"render: no such frame ({frame}). The episode has {self.count}.")

    def stage(self, character: str) -> Stage:
        """The character's stage, made when it is first seen."""
        if character not in self._stages:
            image = self.backgrounds.get(character)
            self._stages[character] = Stage(self.size, self.scenes[character], self.rigs[character], image, self.seed)
        return self._stages[character]

    def _draw(self, index: int, offset: int) -> np.ndarray:
        shot = self.shots[index]
        values: dict[str, Any] = {name: values[offset] for name, values in self.curves[index]["curves"].items()}
        style = self.rigs[shot["character"]].mouth
        if "shapes" in style:  # drawn mouths: which one depends on the frames around it
            if index not in self._mouths:
                self._mouths[index] = shapes.choose(self.curves[index]["curves"], shot["frames"], self.fps, style)
            values["mouth"] = self._mouths[index][offset]
        frame = shot["start"] + offset
        return self.stage(shot["character"]).draw(values, frame, self.fps, f"{self.seed} {shot['character']}")


def _even(part: Sprite) -> Sprite:
    """The sprite with transparent edges added until its corners lie on even pixels."""
    left, top, right, bottom = part.box
    return sprite.window(part, (left - left % 2, top - top % 2, right + right % 2, bottom + bottom % 2))
