"""A mouth that is a set of drawings: which one is shown is chosen by `talkmill.picture.shapes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from talkmill.picture import shapes, sprite
from talkmill.picture.layout import Layout
from talkmill.picture.rig import Rig
from talkmill.picture.sprite import Sprite


class DrawnMouth:
    """The mouths of one rig at the size of a frame; draws one where `talkmill.picture.mouth.Mouth` would paint its own.

    `at` is the mouth's anchor in the frame. `box` is (x, y, width, height) around it, and holds every mouth.
    """

    def __init__(self, rig: Rig, layout: Layout, at: tuple[float, float]) -> None:
        self.style, self.at = rig.mouth, at
        used = shapes.drawings(rig.mouth)
        self.mouths = {layer.name: sprite.load(rig, layer, layout) for layer in rig.layers if layer.name in used}
        boxes = [mouth.box for mouth in self.mouths.values()]
        left, top = min(box[0] for box in boxes) - at[0], min(box[1] for box in boxes) - at[1]
        right, bottom = max(box[2] for box in boxes) - at[0], max(box[3] for box in boxes) - at[1]
        self.box = (left, top, right - left, bottom - top)

    def paint(self, picture: np.ndarray, x: float, y: float, curves: Mapping[str, Any]) -> None:
        """Draw the mouth that `curves["mouth"]` names with its anchor at (x, y) of a layer, in place.

        Without a name it is the one that the other curves ask for in this frame alone.
        """
        name = curves.get("mouth")
        if name is None:
            single = {curve: [curves.get(curve, 0.0)] for curve in shapes.CURVES}
            name = shapes.choose(single, 1, 30, self.style)[0]
        placed = sprite.moved(self.mouths[name], x - self.at[0], y - self.at[1])
        sprite.draw(Sprite(picture, 0, 0), placed)
