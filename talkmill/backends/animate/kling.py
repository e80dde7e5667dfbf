"""`animate: kling`: a still that moves, bought from Kling; nobody speaks in it yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from talkmill.backends import Result
from talkmill.errors import RequestError
from talkmill.model.calls import Buy, Call

FIVE_TEN, ANY = (5, 10), tuple(range(3, 16))
MODELS: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "kling-v2-5-turbo": (FIVE_TEN, ("720p", "1080p")),
    "kling-v2-6": (FIVE_TEN, ("720p", "1080p")),
    "kling-v3": (ANY, ("720p", "1080p", "4k")),
    "kling-2.5-turbo": (FIVE_TEN, ("720p", "1080p")),
    "kling-2.6": (FIVE_TEN, ("720p", "1080p")),
    "kling-3.0": (ANY, ("720p", "1080p", "4k")),
    "kling-3.0-turbo": (ANY, ("720p", "1080p")),
}
"""Model: lengths in seconds, sizes. Names that begin with kling-v are the older API's, the others the new standard's."""
MODES = {"720p": "std", "1080p": "pro", "4k": "4k"}
LONGEST = 2500
PROMPT = (
    "The person looks calmly at the camera, breathes and blinks, mouth closed, and does not speak. The camera stands still."
)


class Kling:
    """A clip of a still by Kling.

    Request: `fps`; `prompt`, `negative_prompt` (older API only), `model`, `seconds`, `resolution` (720p, 1080p, 4k).
    Input: `image`. Files and facts: the verb's `frames`; `source` (what came back: `fps`, `width`, `height`, `seconds`),
    `notes`. Sound is never asked for, but for kling-3.0-turbo, which always makes some; it is dropped.

    Raises `RequestError` for what Kling would refuse, `BackendError` where what was bought is not what was asked for.
    """

    name = "kling"
    version = 1
    licence = "Kling AI, terms of the account"
    packages = ("imageio-ffmpeg", "numpy", "pillow")
    provider = "kling"

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path, buy: Buy) -> Result:
        """Write frames.mkv."""
        from talkmill.media import frames
        from talkmill.providers import kling_media

        call = self._call(request)
        sent = workdir / "sent.png"
        shape = kling_media.picture(inputs["image"], sent)
        bought = buy(call, {"image": sent})
        made, film = kling_media.accept(
            bought.files["clip"], workdir / frames.NAME, seconds=float(call.amount), fps=request["fps"], shape=shape, least=480
        )
        source = {"fps": film.fps, "width": film.width, "height": film.height, "seconds": round(film.seconds, 3)}
        notes = [] if film.constant else [f"its varying frame rate made a constant {made.fps}"]
        return Result({"frames": made.path}, made.facts | {"source": source, "notes": notes})

    def estimate(self, request: Mapping[str, Any], seconds: float) -> Sequence[Call]:
        """One clip of the length that the request says."""
        return [self._call(request)]

    def _call(self, request: Mapping[str, Any]) -> Call:
        model = request.get("model") or "kling-v2-5-turbo"
        if model not in MODELS:
            raise RequestError(f"kling: no model of that name moves stills ({model!r}). Choose one of: {', '.join(MODELS)}.")
        lengths, sizes = MODELS[model]
        seconds, resolution = request.get("seconds") or 5, request.get("resolution") or "1080p"
        if seconds not in lengths:
            named = "5 or 10" if lengths == FIVE_TEN else f"a whole number from {lengths[0]} to {lengths[-1]}"
            raise RequestError(f"kling: {model} makes no clip of that length ({seconds} s). Set seconds to {named}.")
        if resolution not in sizes:
            raise RequestError(f"kling: {model} has no such resolution ({resolution!r}). Choose one of: {', '.join(sizes)}.")
        prompt, negative = request.get("prompt") or PROMPT, request.get("negative_prompt") or ""
        for name, words in (("prompt", prompt), ("negative_prompt", negative)):
            if len(words) > LONGEST:
                raise RequestError(f"kling: {name} is too long ({len(words)} characters; {LONGEST} at most). Shorten it.")
        older = model.startswith("kling-v")
        if negative and not older:
            raise RequestError(f"kling: {model} takes no negative_prompt (found one). Remove it, or choose a kling-v model.")
        if older:
            body: dict[str, Any] = {"prompt": prompt, "mode": MODES[resolution], "duration": str(seconds)}
            body |= {"negative_prompt": negative} if negative else {}
            body |= {"sound": "off"} if model in ("kling-v2-6", "kling-v3") else {}
        else:
            settings: dict[str, Any] = {"resolution": resolution, "duration": seconds}
            settings |= {"audio": "off"} if model in ("kling-2.6", "kling-3.0") else {}
            body = {"contents": [{"type": "prompt", "text": prompt}], "settings": settings}
        sound = "-audio" if model == "kling-3.0-turbo" else ""
        return Call("kling", f"image-to-video-{resolution}{sound}", model, body, amount=Decimal(seconds))
