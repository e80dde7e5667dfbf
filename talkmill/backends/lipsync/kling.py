"""`lipsync: kling`: a face that speaks, bought from Kling: as an avatar of a picture, or by new lips in a clip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkmill.backends import Result
from talkmill.errors import BackendError, RequestError
from talkmill.model.calls import Bought, Buy, Call, Files

if TYPE_CHECKING:
    from talkmill.media.frames import Clip

METHODS = ("avatar", "lip-sync", "lip-sync-single")
MODES = {"std": 480, "pro": 720}
"""Pixels that the shorter side has at least; Kling calls them 720p and 1080p."""
LONGEST = {"avatar": 300.0, "lip-sync": 10.0, "lip-sync-single": 10.0}
"""Seconds of one segment."""
SESSION = 24 * 3600
"""Seconds for which faces that were identified can be used."""
WORDS = 2500


class Kling:
    """A segment of a speaking face by Kling (request, inputs, files, facts: the verb's contract, *Of frames*).

    Request besides: `method`: `avatar` (a picture and the take's sound; nothing needs a public address), `lip-sync` (the clip
    as it is played under the line, and the sound: faces first, then the lips; 2 to 10 s, billed in steps of 5 s) or
    `lip-sync-single` (the older single call); of `avatar` `mode` (std, pro) and `prompt`. `avatar` takes the input `image`,
    without one the clip's first frame. A segment shorter than 2 s is made longer with silence and its last frame, and cut back.

    Who listens (`speaks`: false) is not bought: the clip passes through.

    Raises `RequestError` for what Kling would refuse, `BackendError` where no face is found or what was bought is not what was
    asked for.
    """

    name = "kling"
    version = 1
    licence = "Kling AI, terms of the account"
    packages = ("imageio-ffmpeg", "numpy", "pillow", "soxr")
    provider = "kling"

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path, buy: Buy) -> Result:
        """Write frames.mkv."""
        from talkmill.media import frames
        from talkmill.providers import kling_media

        fps, count = request["fps"], request["frames"]
        clip = frames.Clip.of(inputs["clip"], request["clip"])
        order = frames.play(clip.frames, count, fps, request.get("play", "there_and_back"), request.get("start", 0))
        target, size = workdir / frames.NAME, (clip.width, clip.height)
        if not request.get("speaks", True):
            made = frames.write(clip.read(order), size, fps, target)
            return Result({"frames": target}, made.facts | {"without_face": []})
        method = _method(request)
        _check(method, count / fps)
        long = max(count, math.ceil(kling_media.SHORT * fps))
        sound = workdir / "sent.wav"
        seconds = kling_media.sound(inputs["sound"], request["lead"] / fps, long / fps, sound)
        if method == "avatar":
            bought, shape = self._avatar(request, inputs.get("image"), clip, order, sound, seconds, workdir, buy)
            least = MODES[_mode(request)]
        else:
            bought, shape = self._lips(method, clip, order + [order[-1]] * (long - count), sound, seconds, workdir, buy)
            least = min(shape) * 2 // 3
        made, film = kling_media.accept(
            bought.files["clip"], target, seconds=seconds, fps=fps, shape=shape, least=least, size=size, count=count
        )
        source = {"fps": film.fps, "width": film.width, "height": film.height, "seconds": round(film.seconds, 3)}
        return Result({"frames": target}, made.facts | {"without_face": [], "source": source})

    def estimate(self, request: Mapping[str, Any], seconds: float) -> Sequence[Call]:
        """What a segment of that length would cost; none for who listens."""
        if not request.get("speaks", True):
            return []
        from talkmill.providers import kling_media

        method = _method(request)
        _check(method, seconds)
        amount = _amount(max(seconds, kling_media.SHORT))
        if method == "avatar":
            return [self._call_avatar(request, amount, exact=False)]
        if method == "lip-sync":
            return [_faces(), _lip_sync(amount, 0, exact=False)]
        return [_single(amount, exact=False)]

    def _avatar(
        self,
        request: Mapping[str, Any],
        image: Path | None,
        clip: Clip,
        order: Sequence[int],
        sound: Path,
        seconds: float,
        workdir: Path,
        buy: Buy,
    ) -> tuple[Bought, tuple[int, int]]:
        from talkmill.media import frames
        from talkmill.providers import kling_media

        sent = workdir / "sent.png"
        if image is None:
            shape = kling_media.still(frames.rgb(next(iter(clip.read(order[:1])))), sent)
        else:
            shape = kling_media.picture(image, sent)
        if abs(shape[0] / shape[1] / (clip.width / clip.height) - 1) > kling_media.SHAPE:
            raise RequestError(
                f"kling: the picture has another shape than its clip ({shape[0]}x{shape[1]}, {clip.width}x{clip.height}). "
                "Give both the same."
            )
        return buy(self._call_avatar(request, _amount(seconds)), {"image": sent, "sound": sound}), shape

    def _lips(
        self, method: str, clip: Clip, order: Sequence[int], sound: Path, seconds: float, workdir: Path, buy: Buy
    ) -> tuple[Bought, tuple[int, int]]:
        from talkmill.providers import kling_media

        sent = workdir / "sent.mp4"
        shape, shown, write = kling_media.clip(clip, order, sent)
        named = {"clip": shown}  # by what it shows: `sent` is those frames, whoever packed them
        files = Files({"clip": write, "sound": lambda: sound})
        if method == "lip-sync-single":
            return buy(replace(_single(_amount(seconds)), inputs=named), files), shape

        def session() -> Mapping[str, Any]:
            """Faces are bought only when the lips are about to be: a session ends after a day, lips in the store never do."""
            found = buy(replace(_faces(), inputs=named), Files({"clip": lambda: files["clip"]})).facts
            return {"session_id": found["session_id"], "face_id": _face(found["faces"])}

        call = _lip_sync(_amount(seconds), int(seconds * 1000), before=session)
        return buy(replace(call, inputs=named), files), shape

    def _call_avatar(self, request: Mapping[str, Any], amount: Decimal, exact: bool = True) -> Call:
        prompt = request.get("prompt") or ""
        if len(prompt) > WORDS:
            raise RequestError(f"kling: prompt is too long ({len(prompt)} characters; {WORDS} at most). Shorten it.")
        body = {"prompt": prompt} if prompt else {}
        return Call("kling", "avatar", _mode(request), body, amount=amount, exact=exact)


def _method(request: Mapping[str, Any]) -> str:
    method = request.get("method") or "avatar"
    if method not in METHODS:
        raise RequestError(f"kling: no such method ({method!r}). Choose one of: {', '.join(METHODS)}.")
    return str(method)


def _mode(request: Mapping[str, Any]) -> str:
    mode = request.get("mode") or "std"
    if mode not in MODES:
        raise RequestError(f"kling: no such mode ({mode!r}). Choose std or pro.")
    return str(mode)


def _check(method: str, seconds: float) -> None:
    if seconds > LONGEST[method]:
        other = "" if method == "avatar" else ", or use the method avatar"
        raise RequestError(
            f"kling: the line is too long for {method} ({seconds:.1f} s with its pause; {LONGEST[method]:.0f} s at most). "
            f"Split it into lines{other}."
        )


def _amount(seconds: float) -> Decimal:
    return Decimal(str(round(seconds, 3)))


def _faces() -> Call:
    return Call("kling", "identify-face", "", {}, lasts=SESSION)


def _lip_sync(amount: Decimal, milliseconds: int, before: Any = None, exact: bool = True) -> Call:
    times = {"sound_start_time": 0, "sound_end_time": milliseconds, "sound_insert_time": 0}
    body = {"face": {**times, "sound_volume": 1, "original_audio_volume": 0}}
    return Call("kling", "lip-sync", "", body, amount=amount, exact=exact, before=before)


def _single(amount: Decimal, exact: bool = True) -> Call:
    return Call("kling", "lip-sync-single", "", {"input": {"mode": "audio2video"}}, amount=amount, exact=exact)


def _face(faces: Sequence[Mapping[str, Any]]) -> str:
    """The face that is seen longest; the first of several alike."""
    if not faces:
        raise BackendError(
            "kling: no face was found in the clip (lip sync was not bought). "
            "Use a clip in which the face is larger and seen from the front."
        )
    return str(max(faces, key=lambda face: (face.get("end_time") or 0) - (face.get("start_time") or 0))["face_id"])
