"""portray: fal. A picture of a character from a description, by one of fal's models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.errors import BackendError, MediaError, RequestError
from talkmill.model.calls import Buy, Call
from talkmill.providers import fal_models

MODEL = "fal-ai/flux/dev"
SIZE = (736, 1312)
"""Portrait, and under a million pixels: fal bills by the whole million."""


class Fal:
    """A picture by a text-to-image model.

    Request: `prompt`, `model` (default FLUX.1 dev), `width`, `height` (default 736 by 1312), `seed`, `settings` (further fields
    of the model's own), `declare` (`talkmill.providers.fal_models`). Files: `image` (PNG, RGB). Facts: `width`, `height`,
    `source`, `notes`, as `portray: file`.
    """

    name: ClassVar[str] = "fal"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "as fal's terms and the model's licence say"
    packages: ClassVar[tuple[str, ...]] = ("numpy", "pillow")
    provider: ClassVar[str] = "fal"

    @classmethod
    def cannot(cls, options: Mapping[str, JSON]) -> str | None:
        """Why the options make no sense; None where they do."""
        try:
            model = fal_models.chosen(options, MODEL)
        except RequestError as error:
            return str(error)
        return None if model.kind == "image" else f"fal: {model.id} makes no picture ({model.operation}). Choose another model."

    def estimate(self, request: Mapping[str, JSON], seconds: float) -> Sequence[Call]:
        """The one call; its amount is exact."""
        return [self._call(request)]

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path, buy: Buy) -> Result:
        """Buy the picture.

        Raises:
            RequestError: the model is unknown or makes no picture.
            BackendError: what came back is no picture that can be used.
        """
        from PIL import Image

        from talkmill.media import images

        bought = buy(self._call(request), {})
        try:
            found = images.read(bought.files["image"])
        except MediaError as error:
            raise BackendError(
                f"portray: fal: what came back cannot be used ({error}). Change the prompt or the seed."
            ) from None
        path = workdir / "image.png"
        Image.fromarray(found.rgb).save(path, "PNG", compress_level=3)
        height, width = found.rgb.shape[:2]
        source = {"format": found.format, "width": found.size[0], "height": found.size[1]}
        return Result({"image": path}, {"width": width, "height": height, "source": source, "notes": found.notes})

    def _call(self, request: Mapping[str, JSON]) -> Call:
        if why := self.cannot(request):
            raise RequestError(f"portray: {why}")
        model = fal_models.chosen(request, MODEL)
        size = (int(request.get("width") or SIZE[0]), int(request.get("height") or SIZE[1]))
        values: dict[str, Any] = {**(request.get("settings") or {}), model.prompt or "prompt": request["prompt"]}
        if model.size:
            values[model.size] = {"width": size[0], "height": size[1]}
        if model.seed:
            values[model.seed] = int(request.get("seed") or 0) % 2**31
        return model.call(values, {}, True, size)
