"""lipsync: fal. A clip, or the first frame of it, made to speak by one of fal's models."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.lipsync import pieces
from talkmill.errors import RequestError
from talkmill.model.calls import Buy, Call, Files, buy_all
from talkmill.providers import fal_models

if TYPE_CHECKING:
    from talkmill.media.frames import Clip

MODEL = "fal-ai/kling-video/lipsync/audio-to-video"
USUAL = (1.0, 30.0)
"""Seconds of one piece where the model says nothing of its limits."""
HOME = 0.25
"""Seconds at a segment's end in which an avatar, whose head moves as it likes, is blended back to the clip."""


class Fal:
    """Lip sync, or an avatar, by a model of fal's.

    Request: as `talkmill.backends.lipsync` says of frames, and `model` (default: Kling's lip sync), `declare` (what a model
    that is not ready-made takes, or other values for one that is: `talkmill.providers.fal_models`), `settings` (further
    fields of the model's own), `prompt` (for models that take one). Who listens (`speaks: false`) costs nothing: the
    clip goes on.
    """

    name: ClassVar[str] = "fal"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "as fal's terms and the model's licence say"
    packages: ClassVar[tuple[str, ...]] = ("imageio-ffmpeg", "numpy")
    provider: ClassVar[str] = "fal"

    @classmethod
    def cannot(cls, options: Mapping[str, JSON], size: tuple[int, int] | None = None) -> str | None:
        """Why the options make no sense, or a clip of that size (width, height) is not taken; None where all is well."""
        try:
            model = fal_models.chosen(options, MODEL)
        except RequestError as error:
            return str(error)
        if model.operation not in ("lip-sync", "avatar"):
            return f"fal: {model.id} makes no lip sync ({model.operation}). Choose a model for lip-sync or avatar."
        why = model.refusal({}, size) if size else None
        return f"fal: {model.id}: {why}. Give a larger or smaller picture, or choose another model." if why else None

    def estimate(self, request: Mapping[str, JSON], seconds: float) -> Sequence[Call]:
        """One call a piece; how long they are is a guess until the line is spoken."""
        if request.get("speaks") is False:
            return []
        model = self._model(request)
        fps = int(request.get("fps") or 30)
        return [
            model.call(_values(model, request), dict.fromkeys(("clip", "sound"), piece.sent / fps), False)
            for piece in pieces.cut(max(round(seconds * fps), 1), fps, *limits(model), model.step)
        ]

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path, buy: Buy) -> Result:
        """Make one segment.

        Raises:
            RequestError: the model is unknown, or does not take the clip.
            BackendError: what came back is not what was sent.
        """
        from talkmill.media import frames

        model = self._model(request)
        clip = frames.Clip.of(inputs["clip"], request["clip"])
        order = frames.play(clip.frames, request["frames"], clip.fps, request.get("play", ""), request.get("start") or 0)
        facts: dict[str, Any] = {"without_face": []}
        if request.get("speaks") is False:
            made: Iterator[Any] = clip.read(order)
        else:
            if why := self.cannot(request, (clip.width, clip.height)):
                raise RequestError(f"lipsync: {why}")
            cuts = pieces.cut(request["frames"], clip.fps, *limits(model), model.step)
            asked = [
                self._asked(model, request, inputs, clip, order, piece, workdir / f"piece-{n}") for n, piece in enumerate(cuts)
            ]
            bought = [one.files["clip"] for one in buy_all(buy, asked)]
            for sent in workdir.glob("piece-*"):
                sent.unlink()
            facts["pieces"] = len(cuts)
            size = (clip.width, clip.height)
            parts = (
                pieces.returned(path, size, clip.fps, piece.count, "fal") for path, piece in zip(bought, cuts, strict=True)
            )
            made = pieces.joined(cuts, parts)
            if model.operation == "avatar":
                made = _home(made, next(clip.read([order[-1]])), request["frames"], round(HOME * clip.fps))
        out = frames.write(made, (clip.width, clip.height), clip.fps, workdir / frames.NAME)
        return Result({"frames": out.path}, {**out.facts, **facts})

    def _model(self, request: Mapping[str, JSON]) -> fal_models.Model:
        if why := self.cannot(request):
            raise RequestError(f"lipsync: {why}")
        return fal_models.chosen(request, MODEL)

    def _asked(
        self,
        model: fal_models.Model,
        request: Mapping[str, JSON],
        inputs: Mapping[str, Path],
        clip: Clip,
        order: Sequence[int],
        piece: pieces.Piece,
        base: Path,
    ) -> tuple[Call, Files]:
        """The call for one piece, and its files."""
        seconds, lead = piece.sent / clip.fps, request.get("lead") or 0
        made: dict[str, Callable[[], Path]] = {}
        named = {}
        if "clip" in model.files:  # named by what it shows: the file is those frames, whoever packed them
            mine = pieces.spared(order, piece)
            made["clip"], named["clip"] = (
                partial(pieces.clip_file, clip, mine, base.with_suffix(".mp4")),
                pieces.shown(clip, mine),
            )
        if "image" in model.files:
            made["image"] = partial(_picture, clip, order[piece.first], base.with_suffix(".png"))
        if "sound" in model.files:
            made["sound"] = partial(pieces.sound_file, inputs["sound"], piece, lead, clip.fps, base.with_suffix(".wav"))
        call = model.call(_values(model, request), dict.fromkeys(("clip", "sound"), seconds), True)
        return replace(call, inputs=named), Files(made)


def limits(model: fal_models.Model) -> tuple[float, float]:
    """The least and most seconds of one piece: what the model takes of each file."""
    told = list(model.seconds.values())
    return max([USUAL[0], *(pair[0] for pair in told)]), min((pair[1] for pair in told), default=USUAL[1])


def _values(model: fal_models.Model, request: Mapping[str, JSON]) -> dict[str, Any]:
    values = dict(request.get("settings") or {})
    if model.prompt and request.get("prompt"):
        values[model.prompt] = request["prompt"]
    if model.seed and request.get("seed") is not None:
        values[model.seed] = zlib.crc32(str(request["seed"]).encode()) % 2**31  # of a text, as the verb has it
    return values


def _picture(clip: Clip, frame: int, target: Path) -> Path:
    from PIL import Image

    from talkmill.media import frames

    Image.fromarray(frames.rgb(next(clip.read([frame])))).save(target, "PNG", compress_level=6)
    return target


def _home(made: Iterator[Any], rest: Any, count: int, last: int) -> Iterator[Any]:
    """The frames, the last of them blended into the frame that the next segment starts from."""
    import numpy as np

    for at, frame in enumerate(made):
        share = max(0.0, (at + 1 - (count - last)) / last) if last else 0.0
        yield frame if not share else np.rint(frame * (1 - share) + rest * share).astype(np.uint8)
