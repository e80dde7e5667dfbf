"""A rig: a character taken apart into layers that can be moved.

rig.json (`FORMAT` 1), all lengths in pixels of the rig's canvas, x to the right and y down::

    {"format": 1, "style": str, "size": [w, h],
     "layers": [{"name", "part", "box": [x, y, w, h]}, ...],   from back to front; a layer that is empty is left out
     "face": {"top", "skull", "chin", "centre": [x, y], "eyes": [[x, y], [x, y]], "eye_size": [w, h],
              "mouth": [x, y], "pivot": [x, y], "nod", "gaze": [x, y], "arms": bool},
     "mouth": {"half_width", "gap", "line", "line_width", "inside", "teeth", "tongue", "skin", "lips", "taper", "shade",
               "angle": degrees, clockwise},
     "licence": {"name", "url", "creator", "source"}}

Each layer but `mouth`, which is painted anew in every frame, is a PNG of its box in straight alpha, named as the layer.
`face.top` is the top of all that moves with the head, hair included; `face.skull` is that of the bare head.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkmill.errors import MediaError

FORMAT = 1

PARTS = (
    "rear",
    "body",
    "head",
    "nose",
    "mouth",
    "beard",
    "white",
    "pupils",
    "lashes",
    "dots",
    "shut",
    "brows",
    "front",
    "glasses",
)
"""What a layer is. `rear` moves with the head and is behind the body. Eyes are either `dots` (the whole eye looks about and
is squashed by a blink) or `white`, `pupils` and `lashes` (the lid comes down over them); `shut` is the closed eye of both."""


@dataclass(frozen=True)
class Layer:
    """One layer: its part, its place on the canvas and its file (`None`: painted in every frame)."""

    name: str
    part: str
    box: tuple[int, int, int, int]  # x, y, width, height
    path: Path | None


@dataclass(frozen=True)
class Rig:
    """A loaded rig.json with the files of its layers."""

    style: str
    size: tuple[int, int]
    layers: tuple[Layer, ...]
    face: Mapping[str, Any]
    mouth: Mapping[str, Any]

    @classmethod
    def load(cls, path: Path, layers: Mapping[str, Path]) -> Rig:
        """The rig of rig.json at `path`; `layers` says where the PNG of each layer is, by name.

        Raises:
            MediaError: the file is not a rig, or a layer is missing.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            version = data["format"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise MediaError(f"{path}: not a rig ({error}). Make the portrait again.") from None
        if version != FORMAT:
            raise MediaError(f"{path}: a rig of format {version}, and this Talkmill reads {FORMAT}. Make the portrait again.")
        missing = [item["name"] for item in data["layers"] if item["part"] != "mouth" and item["name"] not in layers]
        if missing:
            raise MediaError(f"{path}: layers of the rig are missing ({', '.join(missing)}). Make the portrait again.")
        made = tuple(Layer(i["name"], i["part"], tuple(i["box"]), layers.get(i["name"])) for i in data["layers"])
        return cls(data["style"], tuple(data["size"]), made, data["face"], data["mouth"])
