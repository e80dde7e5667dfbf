"""animate: fal. A picture that moves, by one of fal's models: bought once for all episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.errors import BackendError, MediaError, RequestError
from talkmill.model.calls import Buy, Call
from talkmill.providers import fal_models

MODEL = "fal-ai/kling-video/v2.5-turbo/standard/image-to-video"
PROMPT = (
    "The person looks into the camera, breathes calmly and blinks now and then; mouth closed; still background, fixed camera."
)
SECONDS = 5


class Fal:
    """A clip by an image-to-video model.

    Request: `fps`, `model` (default Kling 2.5 turbo standard), `prompt` (default: a calm face that looks at the viewer),
    `duration` (seconds, default 5; longer ones cost more), `settings`, `declare` (`talkmill.providers.fal_models`). Input:
    `image` (of `portray`). Files and facts: as `animate: clip`.
    """

    name: ClassVar[str] = "fal"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "as fal's terms and the model's licence say"
    packages: ClassVar[tuple[str, ...]] = ("imageio-ffmpeg",)
    provider: ClassVar[str] = "fal"

    @classmethod
    def cannot(cls, options: Mapping[str, JSON]) -> str | None:
        """Why the options make no sense; None where they do."""
        try:
            model = fal_models.chosen(options, MODEL)
        except RequestError as error:
            return str(error)
        if model.operation != "image-to-video":
            return f"fal: {model.id} makes no clip of a picture ({model.operation}). Choose another model."
        seconds = options.get("duration") or SECONDS
        if model.durations and seconds not in model.durations:
            known = ", ".join(str(value) for value in model.durations)
            return f"fal: {model.id}: `duration` is {seconds}. Choose one of: {known}."
        return None

    def estimate(self, request: Mapping[str, JSON], seconds: float) -> Sequence[Call]:
        """The one call; its amount is exact."""
        return [self._call(request)]

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path, buy: Buy) -> Result:
        """Buy the clip, and make its frames.

        Raises:
            RequestError: the model is unknown, or does not make clips of that length.
            BackendError: what came back is no clip that can be used.
        """
        from talkmill.media import frames, video

        bought = buy(self._call(request), {"image": inputs["image"]})
        try:
            clip, source, notes = video.decode(bought.files["clip"], request["fps"], workdir / frames.NAME)
        except MediaError as error:
            raise BackendError(f"animate: fal: what came back {error}") from None
        return Result({"frames": clip.path}, clip.facts | {"source": source.facts, "notes": notes})

    def _call(self, request: Mapping[str, JSON]) -> Call:
        if why := self.cannot(request):
            raise RequestError(f"animate: {why}")
        model = fal_models.chosen(request, MODEL)
        seconds = request.get("duration") or SECONDS
        values: dict[str, Any] = dict(request.get("settings") or {})
        if model.prompt:
            values[model.prompt] = request.get("prompt") or PROMPT
        if model.duration:
            values[model.duration] = str(seconds)
        return model.call(values, {"duration": seconds}, True)
