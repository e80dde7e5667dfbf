"""A sprite: a layer with its place, in whole pixels of the frame; and what can be done to one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from talkmill.errors import MediaError
from talkmill.picture import colour
from talkmill.picture.layout import Layout
from talkmill.picture.rig import Layer, Rig


@dataclass(frozen=True)
class Sprite:
    """A layer (uint8 (h, w, 4), alpha multiplied in) whose upper left corner is at (x, y) of the frame, maybe outside it."""

    image: np.ndarray
    x: int
    y: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom."""
        return self.x, self.y, self.x + self.image.shape[1], self.y + self.image.shape[0]


def load(rig: Rig, layer: Layer, layout: Layout) -> Sprite:
    """A rig's layer at the size and place of `layout`.

    Raises:
        MediaError: the PNG cannot be read or does not fit its box.
    """
    from PIL import Image

    x, y, width, height = layer.box
    try:
        with Image.open(layer.path, formats=("PNG",)) as opened:
            pixels = np.asarray(opened.convert("RGBA"))
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(f"{layer.path}: layer {layer.name} cannot be read ({error}). Make the portrait again.") from None
    if pixels.shape[:2] != (height, width):
        raise MediaError(f"{layer.path}: layer {layer.name} is not of the size its rig says. Make the portrait again.")
    canvas = np.zeros((rig.size[1], rig.size[0], 4), np.uint8)
    canvas[y : y + height, x : x + width] = colour.layer(pixels)
    way = cv2.INTER_AREA if layout.side <= rig.size[1] else cv2.INTER_CUBIC
    return trimmed(Sprite(cv2.resize(canvas, (layout.side, layout.side), interpolation=way), layout.x, layout.y))


def trimmed(sprite: Sprite) -> Sprite:
    """Cut to what is drawn."""
    x, y, width, height = cv2.boundingRect(sprite.image[..., 3])
    return Sprite(np.ascontiguousarray(sprite.image[y : y + height, x : x + width]), sprite.x + x, sprite.y + y)


def stacked(sprites: list[Sprite]) -> Sprite:
    """Several as one, the first at the back."""
    left, top = min(s.x for s in sprites), min(s.y for s in sprites)
    right, bottom = max(s.box[2] for s in sprites), max(s.box[3] for s in sprites)
    made = Sprite(np.zeros((bottom - top, right - left, 4), np.uint8), left, top)
    for sprite in sprites:
        draw(made, sprite)
    return made


def draw(below: Sprite, above: Sprite) -> None:
    """Blend `above` over `below` where they meet; `below` changes in place."""
    left, top = max(below.x, above.x), max(below.y, above.y)
    right, bottom = min(below.box[2], above.box[2]), min(below.box[3], above.box[3])
    if left >= right or top >= bottom:
        return
    target = below.image[top - below.y : bottom - below.y, left - below.x : right - below.x]
    source = above.image[top - above.y : bottom - above.y, left - above.x : right - above.x]
    if target.flags.c_contiguous:
        colour.over(target, source)
    else:
        made = target.copy()
        colour.over(made, source)
        target[...] = made


def window(sprite: Sprite, box: tuple[int, int, int, int]) -> Sprite:
    """A copy of the part of a sprite that lies in `box`, at the size of the box."""
    left, top, right, bottom = box
    made = Sprite(np.zeros((bottom - top, right - left, 4), np.uint8), left, top)
    draw(made, sprite)
    return made


def warped(sprite: Sprite, matrix: np.ndarray, clip: tuple[int, int, int, int], grid: int = 1) -> Sprite | None:
    """The sprite under a 2x3 `matrix` of frame coordinates, cut to `clip`; corners lie on multiples of `grid`. None: not in it.

    Pixel centres are at half coordinates, so that an identity changes nothing and a scale keeps its fixed point.
    """
    left, top, right, bottom = sprite.box
    corners = np.array([(left, top, 1), (right, top, 1), (left, bottom, 1), (right, bottom, 1)]) @ matrix.T
    x0, y0 = (max(clip[i], math.floor((corners[:, i].min() - 1) / grid) * grid) for i in (0, 1))
    x1, y1 = (min(clip[i + 2], math.ceil((corners[:, i].max() + 1) / grid) * grid) for i in (0, 1))
    if x0 >= x1 or y0 >= y1:
        return None
    way = cv2.invertAffineTransform(matrix)
    way[:, 2] += way[:, :2] @ (x0 + 0.5, y0 + 0.5) - (left + 0.5, top + 0.5)
    image = cv2.warpAffine(
        sprite.image, way, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_CONSTANT
    )
    return Sprite(image, x0, y0)


def moved(sprite: Sprite, dx: float, dy: float) -> Sprite:
    """The sprite shifted by parts of a pixel."""
    if dx == 0 and dy == 0:
        return sprite
    far = 1 << 20
    return warped(sprite, np.array([(1.0, 0.0, dx), (0.0, 1.0, dy)]), (-far, -far, far, far)) or sprite


def extended(body: Sprite, bottom: int, width: int, ease: float, arms: bool) -> Sprite:
    """The body carried on below its cut edge down to `bottom`: its outline goes on as it was going and turns to vertical.

    The last row is stretched between the outline's edges. `width` is the frame's, `ease` the length in which the outline turns.
    """
    image, rows = body.image, bottom - body.box[3] + 2
    if rows <= 2:
        return body
    solid = [np.flatnonzero(image[row, :, 3] > 127) for row in (-2, -2 - max(4, round(0.16 * ease)))]
    (left, right), (left_up, right_up) = ((row[0], row[-1]) for row in solid)
    rise = max(4, round(0.16 * ease))
    down = np.arange(rows, dtype=np.float32)
    turn = ease * (1 - np.exp(-down / ease))
    flare = 0.055 * ease * (down / ease) ** 2 / (1 + down / ease)  # a figure gets wider towards the viewer
    slopes = [min(max(slope, 0.0), 1.6) for slope in ((left_up - left) / rise, (right - right_up) / rise)]
    edges = (left - slopes[0] * turn - flare, right + slopes[1] * turn + flare)
    x = np.arange(width, dtype=np.float32)[None, :] - body.x
    share = (x - edges[0][:, None]) / (edges[1] - edges[0])[:, None]
    source = (left + share * (right - left)).astype(np.float32)
    row = np.repeat(image[-2:-1], 3, axis=0)
    below = cv2.remap(row, source, np.ones_like(source), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    if arms:
        _arms(below, (edges[0] + body.x, edges[1] + body.x), ease)
    return stacked_plain(Sprite(image[:-2], body.x, body.y), Sprite(below, 0, body.box[3] - 2))


def _arms(below: np.ndarray, edges: tuple[np.ndarray, np.ndarray], ease: float) -> None:
    """The lines between arms and chest, in place: without them a long body looks like a bell."""
    rows = len(edges[0])
    first = round(0.5 * ease)
    if rows - first < ease:
        return
    mask = np.zeros(below.shape[:2], np.uint8)
    for share in (0.165, 0.835):
        x = edges[0][first:] + share * (edges[1] - edges[0])[first:]
        lean = 0.30 * ease * np.exp(-np.arange(rows - first) / (0.8 * ease))  # towards the armpit
        x = x + (lean if share > 0.5 else -lean)
        points = np.column_stack([x, np.arange(first, rows)])[:: max(1, round(0.02 * ease))]
        cv2.polylines(mask, [np.rint(points * 16).astype(np.int32)], False, 255, max(1, round(0.055 * ease)), cv2.LINE_AA, 4)
    alpha = cv2.multiply(mask, below[..., 3], scale=0.20 / 255)
    line = np.dstack([cv2.convertScaleAbs(alpha, alpha=16 / 255), *[cv2.convertScaleAbs(alpha, alpha=128 / 255)] * 2, alpha])
    colour.over(below, line)


def stacked_plain(above: Sprite, below: Sprite) -> Sprite:
    """One sprite of two, the second beginning where the first ends."""
    left, right = min(above.x, below.x), max(above.box[2], below.box[2])
    made = np.zeros((below.box[3] - above.y, right - left, 4), np.uint8)
    for sprite in (above, below):
        rows, columns = sprite.y - above.y, sprite.x - left
        made[rows : rows + sprite.image.shape[0], columns : columns + sprite.image.shape[1]] = sprite.image
    return Sprite(made, left, above.y)
