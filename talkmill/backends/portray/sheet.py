"""A character that the user has drawn: a folder of PNG or SVG layers becomes a rig whose mouth is a set of drawings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.portray import drawings, mouths
from talkmill.errors import BackendError, RequestError
from talkmill.picture.rig import FORMAT

FACE_HEIGHT = 900
"""Pixels from chin to bare head that a rig has at most: a close-up at 1080x1920 shows 768 of them."""
MAX_CANVAS = 3072
"""Pixels a side that a rig's canvas has at most."""

NOD, NOD_WHOLE = 0.028, 0.006
"""A full nod in heights of the face, of a head that is a layer of its own and of one that is not."""
MOTION_WHOLE = 0.22
"""How much of the head's motion a figure takes that is drawn in one piece."""
ABOVE, BELOW = 0.035, 0.060
"""Heights of the face above and below the neck in which such a figure's head passes into its body."""

ANCHORS = ("top", "chin", "eyes", "mouth", "neck")

_ORDER = (
    ("back", "rear"), ("body", "body"), ("head", "head"), ("mouth", "mouth"), ("eyes-open", "eyes"), ("eyes-half", "half"),
    ("eyes-shut", "shut"), ("pupils", "pupils"), ("brows", "brows"), ("front", "front"),
)  # fmt: skip
"""Layer -> part of the rig, from back to front."""


@dataclass(frozen=True)
class Read:
    """A sheet that can be used: its pixels, all of one size, and where its face is."""

    folder: drawings.Folder
    images: Mapping[str, Any]  # by layer, and by "mouths/<drawing>": uint8 (h, w, 4)
    face: Any  # geometry.Face
    size: tuple[int, int]
    unit: float  # pixels in one unit of the drawing: 1, or of a sheet of SVGs alone what its units are drawn at


def read(files: Mapping[str, Path], options: Mapping[str, Any]) -> tuple[drawings.Folder, Read | None]:
    """Look at a sheet's files (`drawings.find`) and, where nothing is wrong so far, at their pixels.

    `options` are `mouths` (a scheme or None) and `anchors`. What is wrong is in the folder's `problems`; then there is no
    `Read`.
    """
    folder = drawings.survey(files, options.get("mouths"))
    if folder.problems:
        return folder, None
    return folder, _decode(folder, options.get("anchors") or {})


def _decode(folder: drawings.Folder, anchors: Mapping[str, Any]) -> Read | None:
    from talkmill.backends.portray import geometry

    size = drawings.canvas(folder.drawings)
    images: dict[str, Any] = {}
    for name, one in [*folder.layers.items(), *((f"mouths/{name}", one) for name, one in folder.mouths.items())]:
        try:
            images[name] = drawings.pixels(one, size)
        except BackendError as error:
            folder.problems.append(str(error))
            continue
        if geometry.box_of(images[name][..., 3]) is None:
            cure = "Draw something on it, or take it away."
            folder.problems.append(f"{one.file}: is transparent everywhere. {cure}")
    if folder.problems:
        return None
    if "head" in images and "base" in images:  # beside a head the base is the rest of the figure
        images["body"] = images.pop("base")
    given = {name: value for name, value in anchors.items() if value is not None}
    drawn = drawings.canvas_units(folder.drawings)
    folder.problems += _outside(given, drawn)
    if folder.problems:
        return None
    unit = size[0] / drawn[0]
    given = {name: _times(value, unit) for name, value in given.items()}
    assert folder.set is not None  # noqa: S101 - survey has no problem
    closed = images[f"mouths/{folder.set.shapes['sil']}"][..., 3]
    alpha = {name: image[..., 3] for name, image in images.items() if not name.startswith("mouths/")}
    try:
        face = geometry.locate(alpha, closed, given)
    except ValueError as error:
        folder.problems.append(f"the face is not found: {error}. Say where it is with `anchors:` in the YAML.")
        return None
    return Read(folder, images, face, size, unit)


def _times(value: Any, unit: float) -> Any:
    """A number, a point or points, in pixels."""
    return [_times(item, unit) for item in value] if isinstance(value, list) else value * unit


def _outside(anchors: Mapping[str, Any], size: tuple[float, float]) -> list[str]:
    """Anchors that are not on the canvas."""
    points = {name: [(0.0, value)] for name, value in anchors.items() if name in ("top", "chin")}
    points |= {name: [value] for name, value in anchors.items() if name in ("mouth", "neck")}
    points |= {"eyes": anchors["eyes"]} if "eyes" in anchors else {}
    found = []
    for name, values in points.items():
        if not all(0 <= x <= size[0] and 0 <= y <= size[1] for x, y in values):
            told = f"the canvas is {size[0]:g}x{size[1]:g}"
            found.append(f"anchors.{name}: lies outside the canvas ({told}). Count from its upper left corner.")
    return found


class Sheet:
    """portray with the user's own drawings."""

    name: ClassVar[str] = "sheet"
    version: ClassVar[int] = 2
    licence: ClassVar[str] = "that of the drawings, which is their maker's"
    packages: ClassVar[tuple[str, ...]] = ("resvg-py", "pillow", "numpy", "opencv-python-headless", "openfacefx")

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Make the rig; see `talkmill.picture.rig` for its files.

        Raises:
            RequestError: the sheet cannot be used; the message tells everything that is wrong, a line each.
        """
        folder, made = read(inputs, request)
        if made is None:
            raise RequestError("portrait: " + "\n".join(folder.problems))
        return _write(made, request, workdir)


def _write(made: Read, request: Mapping[str, JSON], workdir: Path) -> Result:
    from PIL import Image

    scale = min(1.0, FACE_HEIGHT / made.face.height, MAX_CANVAS / max(made.size))
    size = (max(1, round(made.size[0] * scale)), max(1, round(made.size[1] * scale)))
    side = max(size)
    shift = (side - size[0]) // 2
    images = {name: _scaled(image, size) for name, image in made.images.items()}
    face = made.face.scaled(scale, shift)
    height = face["chin"] - face["skull"]
    whole = "head" not in images
    if whole:
        images |= _parted(images.pop("base"), face["pivot"][1], height)
    face["nod"] = round((NOD_WHOLE if whole else NOD) * height, 2)
    face["motion"] = MOTION_WHOLE if whole else 1.0
    layers: list[dict[str, Any]] = []
    files: dict[str, Path] = {}

    def add(name: str, part: str, image: Any) -> None:
        cut = Image.fromarray(image)
        left, top, right, bottom = cut.getchannel("A").getbbox() or (0, 0, 1, 1)
        files[name] = workdir / f"{name}.png"
        cut.crop((left, top, right, bottom)).save(files[name], format="PNG", compress_level=6)
        # A figure narrower than it is tall lies in the middle of a square canvas; one that is wider, at its top.
        layers.append({"name": name, "part": part, "box": [left + shift, top, right - left, bottom - top]})

    for layer, part in _ORDER:
        if layer == "mouth":
            layers.append({"name": "mouth", "part": "mouth", "box": [0, 0, 0, 0]})
        elif layer in images:
            add(layer, part, images[layer])
    found = made.folder.set
    shapes = {viseme: f"mouth-{name}" for viseme, name in found.shapes.items()}
    for name in dict.fromkeys(found.shapes.values()):
        add(f"mouth-{name}", "shape", images[f"mouths/{name}"])
    licence = {
        "name": request.get("licence") or "the project's own drawing",
        "url": "",
        "creator": request.get("creator") or "",
        "source": "",
    }
    rig = {
        "format": FORMAT,
        "style": "sheet",
        "size": [side, side],
        "layers": layers,
        "face": face,
        "mouth": {"shapes": shapes, "points": mouths.POINTS, "twos": bool(request.get("twos"))},
        "licence": licence,
    }
    files["rig"] = workdir / "rig.json"
    files["rig"].write_text(json.dumps(rig, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    facts = {"style": "sheet", "licence": licence, "size": [side, side], "mouths": found.scheme}
    return Result(files, facts)


def _scaled(image: Any, size: tuple[int, int]) -> Any:
    """Straight-alpha pixels at another size: averaged with the alpha multiplied in, so no edge takes on a hidden colour."""
    import cv2
    import numpy as np

    if image.shape[1::-1] == size:
        return np.ascontiguousarray(image)
    alpha = image[..., 3:].astype(np.float32)
    flat = np.dstack([image[..., :3] * (alpha / 255), alpha])
    flat = cv2.resize(flat, size, interpolation=cv2.INTER_AREA)
    colour = flat[..., :3] * (255 / np.maximum(flat[..., 3:], 1e-3))
    return np.clip(np.rint(np.dstack([colour, flat[..., 3:]])), 0, 255).astype(np.uint8)


def _parted(base: Any, neck: float, height: float) -> dict[str, Any]:
    """Head and body of a figure that is one drawing: they overlap at the neck, where the head fades into the body."""
    import numpy as np

    rows = np.arange(base.shape[0], dtype=np.float32)[:, None]
    fade = np.clip((neck + BELOW * height - rows) / (BELOW * height), 0, 1)
    head, body = base.copy(), base.copy()
    head[..., 3] = np.rint(base[..., 3] * fade)
    body[: max(0, round(neck - ABOVE * height)), :, 3] = 0
    parts = {"head": head}
    return parts | ({"body": body} if body[..., 3].any() else {})
