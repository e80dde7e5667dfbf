"""`animate: clip`: the user's own video, decoded once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.backends import Result
from talkmill.errors import MediaError, RequestError


class Clip:
    """A video of the user's as frames: upright, constant frame rate, square pixels, BT.709, at most 1920x1080 or 1080x1920.

    Request: `fps`, `start` and `end` (seconds of the video, or null). Input: `clip`.

    Raises `RequestError` where it is no video, damaged, cut off, too long, too short or too small.
    """

    name = "clip"
    version = 1
    licence = ""
    packages = ("imageio-ffmpeg",)

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write frames.mkv."""
        from talkmill.media import frames, video

        try:
            clip, source, notes = video.decode(
                inputs["clip"], request["fps"], workdir / frames.NAME, request.get("start") or 0.0, request.get("end")
            )
        except MediaError as error:
            raise RequestError(str(error)) from None
        return Result({"frames": clip.path}, clip.facts | {"source": source.facts, "notes": notes})
