"""`portray: file`: a photograph of the user's, made ready: upright, 8-bit sRGB, at most 4096 pixels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.backends import Result
from talkmill.errors import RequestError


class File:
    """A picture of the user's as everything after it takes it.

    Request: `backdrop` (#rrggbb, seen where the picture is see-through). Input: `image`, the user's file: PNG, JPEG, WebP, TIFF
    or BMP. Files: `image` (PNG, RGB). Facts: `width`, `height`, `source` {`format`, `width`, `height`}, `notes` (what was
    changed, one line each), `licence`.

    Raises `RequestError` where it is no picture, damaged, an animation, too large or too small.
    """

    name = "file"
    version = 1
    licence = ""
    packages = ("numpy", "pillow")

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write image.png."""
        from PIL import Image

        from talkmill.errors import MediaError
        from talkmill.media import images

        try:
            found = images.read(inputs["image"], request["backdrop"])
        except MediaError as error:
            raise RequestError(str(error)) from None
        path = workdir / "image.png"
        Image.fromarray(found.rgb).save(path, "PNG", compress_level=3)
        height, width = found.rgb.shape[:2]
        source = {"format": found.format, "width": found.size[0], "height": found.size[1]}
        return Result(
            {"image": path},
            {"width": width, "height": height, "source": source, "notes": found.notes, "licence": {"name": "your own"}},
        )
