"""The colours by which a mouth is told from its face."""

from __future__ import annotations

import cv2
import numpy as np

from talkmill.measure.subject import Colour, Face
from talkmill.picture.colour import MATRIX, OFFSET, ycc
from talkmill.picture.rig import Rig

ROLES = ("line", "inside", "teeth", "tongue", "lips")
"""What a pixel of the mouth can be; in a frame of labels each is its place here plus 1, and 0 is no mouth."""
SHARE = 0.0006
"""Share of the pixels about the mouth from which a colour of the figure counts: a thin outline has little more."""
STEP = 4
"""Levels of Y', Cb and Cr that are one cell of the table of labels."""
HIDDEN = frozenset(("mouth", "white", "pupils", "lashes", "dots", "shut", "brows", "eyes", "half", "shape"))
"""Parts that are not about the mouth, or are the mouth."""


def palette(rig: Rig) -> tuple[dict[str, tuple[Colour, ...]], tuple[Colour, ...]]:
    """Colours of the mouth by role, and those of the face about it, from the rig's colours and its own layers."""
    style = rig.mouth
    mouth: dict[str, tuple[Colour, ...]] = {name: (ycc(style[name]),) for name in ("line", "inside", "teeth", "tongue")}
    if style.get("lips"):
        lips, inside = ycc(style["lips"]), ycc(style["inside"])
        mouth["lips"] = (lips,)
        mouth["line"] = (_mixed(lips, inside, 0.5),)
        mouth["tongue"] = (_mixed(ycc(style["tongue"]), inside, 0.28),)  # darker, to be told from the lips
    skin = ycc(style["skin"])
    shade = style.get("shade", 0.0)
    around = [skin, (16 + (skin[0] - 16) * (1 - shade), *(128 + (c - 128) * (1 - shade) for c in skin[1:]))]
    return mouth, tuple(dict.fromkeys([*around, *_drawn(rig)]))


def _mixed(first: Colour, second: Colour, share: float) -> Colour:
    return tuple((1 - share) * a + share * b for a, b in zip(first, second, strict=True))  # type: ignore[return-value]


def _drawn(rig: Rig) -> list[Colour]:
    """The plain colours of the figure about the mouth: of pixels whose neighbours have the same colour, so that no mixture of
    two, at an edge, counts as a third."""
    from PIL import Image

    side = round(2.2 * rig.mouth["half_width"] + rig.mouth["gap"])
    x, y = (round(value) for value in rig.face["mouth"])
    canvas = np.zeros((2 * side, 2 * side, 4), np.uint8)
    paper = Image.fromarray(canvas, "RGBA")
    for layer in rig.layers:
        if layer.part not in HIDDEN and layer.path is not None:
            with Image.open(layer.path) as opened:
                sheet = Image.new("RGBA", paper.size)
                sheet.paste(opened.convert("RGBA"), (layer.box[0] - x + side, layer.box[1] - y + side))
                paper.alpha_composite(sheet)
    pixels = np.asarray(paper)
    window = np.ones((3, 3), np.uint8)
    plain = (cv2.dilate(pixels, window) - cv2.erode(pixels, window)).max(axis=2) <= 6
    seen = pixels[plain & (pixels[..., 3] > 250)][:, :3]
    if not len(seen):
        return []
    codes = (seen >> 4).astype(np.int32) @ np.array([256, 16, 1])
    found = []
    for code in np.flatnonzero(np.bincount(codes, minlength=4096) > SHARE * len(seen)):
        middle = np.median(seen[codes == code], axis=0) / 255
        found.append(tuple(float(value) for value in MATRIX @ middle.astype(np.float32) + OFFSET))
    return found


class Labels:
    """Says of every pixel which part of the mouth it is: the nearest of the mouth's and the face's colours."""

    def __init__(self, face: Face) -> None:
        names = [(role, colour) for role, colours in face.mouth.items() for colour in colours]
        colours = np.array([colour for _, colour in names] + list(face.around), np.float32)
        codes = np.array([ROLES.index(role) + 1 for role, _ in names] + [0] * len(face.around), np.uint8)
        centres = np.arange(256 // STEP, dtype=np.float32) * STEP + STEP / 2
        grid = np.stack(np.meshgrid(centres, centres, centres, indexing="ij"), axis=-1).reshape(-1, 3)
        best = np.full(len(grid), np.inf, np.float32)
        table = np.zeros(len(grid), np.uint8)
        for colour, code in zip(colours, codes, strict=True):
            away = ((grid - colour) ** 2).sum(axis=1)
            table[away < best] = code
            best = np.minimum(best, away)
        self._table = table
        inside, line = np.array(face.mouth["inside"][0]), np.array(face.mouth["line"][0])
        self.lined = bool(np.abs(inside - line).max() >= 12)
        """Whether the line around the mouth has another colour than what is inside it."""

    def of(self, picture: np.ndarray) -> np.ndarray:
        """Labels, uint8 (h, w), of a picture of Y', Cb, Cr planes, uint8 (3, h, w)."""
        shift = STEP.bit_length() - 1
        bits = 8 - shift
        y, cb, cr = (plane.astype(np.int32) >> shift for plane in picture)
        return self._table[(y << 2 * bits) | (cb << bits) | cr]
