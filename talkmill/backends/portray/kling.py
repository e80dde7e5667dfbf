"""`portray: kling`: a portrait from words, or from words and a picture, bought from Kling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from talkmill.backends import Result
from talkmill.errors import BackendError, MediaError, RequestError
from talkmill.model.calls import Buy, Call

MODELS = ("kling-v3", "kling-v2-1")
ASPECTS = ("9:16", "16:9", "1:1", "3:4", "4:3", "2:3", "3:2", "21:9")
SIDES = {"1k": 1024, "2k": 2048}
LONGEST = 2500
"""Characters of a prompt."""


class Kling:
    """A picture by Kling.

    Request: `prompt`; `negative_prompt` (not with a picture), `model` (kling-v3, kling-v2-1), `aspect_ratio` (9:16),
    `resolution` (1k, 2k). Input: `image`, a picture to go by, where there is one. Files: `image` (PNG, RGB). Facts:
    `width`, `height`, `source` {`format`, `width`, `height`}, `notes`.

    Raises `RequestError` for what Kling would refuse, `BackendError` where what was bought is not what was asked for.
    """

    name = "kling"
    version = 1
    licence = "Kling AI, terms of the account"
    packages = ("numpy", "pillow")
    provider = "kling"

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path, buy: Buy) -> Result:
        """Write image.png."""
        from PIL import Image

        from talkmill.media import images
        from talkmill.providers import kling_media

        call = self._call(request, "image" in inputs)
        files = {}
        if "image" in inputs:
            files["image"] = workdir / "sent.png"
            kling_media.picture(inputs["image"], files["image"])
        bought = buy(call, files)
        try:
            found = images.read(bought.files["image"])
        except MediaError as error:
            raise BackendError(f"kling: the picture that was bought cannot be used: it {error}") from None
        height, width = found.rgb.shape[:2]
        across, down = (int(part) for part in call.body["aspect_ratio"].split(":"))
        least = SIDES[call.body["resolution"]] // 2
        if abs(width / height / (across / down) - 1) > 0.05 or max(width, height) < least:
            raise BackendError(
                f"kling: the picture that was bought is not what was asked for ({width}x{height}; {call.body['aspect_ratio']}, "
                f"{least} pixels at least). It is kept as it is: change the request, or buy it anew with TALKMILL_REBUY (see "
                "docs/how-to/money.md)."
            )
        path = workdir / "image.png"
        Image.fromarray(found.rgb).save(path, "PNG", compress_level=3)
        source = {"format": found.format, "width": found.size[0], "height": found.size[1]}
        return Result({"image": path}, {"width": width, "height": height, "source": source, "notes": found.notes})

    def estimate(self, request: Mapping[str, Any], seconds: float) -> Sequence[Call]:
        """One picture; `image` in the request says that there will be a picture to go by."""
        return [self._call(request, bool(request.get("image")))]

    def _call(self, request: Mapping[str, Any], pictured: bool) -> Call:
        model, aspect = request.get("model") or MODELS[0], request.get("aspect_ratio") or ASPECTS[0]
        resolution = request.get("resolution") or "1k"
        prompt, negative = request.get("prompt") or "", request.get("negative_prompt") or ""
        for name, value, known in (
            ("model", model, MODELS),
            ("aspect_ratio", aspect, ASPECTS),
            ("resolution", resolution, SIDES),
        ):
            if value not in known:
                raise RequestError(f"kling: {name} is none of its values ({value!r}). Choose one of: {', '.join(known)}.")
        if not prompt.strip():
            raise RequestError("kling: a picture needs a prompt (found none). Say who is to be seen.")
        for name, words in (("prompt", prompt), ("negative_prompt", negative)):
            if len(words) > LONGEST:
                raise RequestError(f"kling: {name} is too long ({len(words)} characters; {LONGEST} at most). Shorten it.")
        if pictured and negative:
            raise RequestError("kling: a negative_prompt does not go with a picture to go by (found both). Remove one of them.")
        body = {"prompt": prompt, "aspect_ratio": aspect, "resolution": resolution, "n": 1}
        body |= {"negative_prompt": negative} if negative else {}
        return Call("kling", "image-from-image" if pictured else "image", model, body, amount=Decimal(1))
