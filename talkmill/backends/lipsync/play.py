"""`lipsync: play`: a clip as it is under a line in which its face does not speak."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.backends import Result


class Play:
    """The clip's own frames, played as the request says; see the verb's contract of frames.

    It is what is seen of those who listen, where the backend that moves mouths is one that is paid.
    """

    name = "play"
    version = 1
    licence = ""
    packages = ("imageio-ffmpeg",)

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write frames.mkv."""
        from talkmill.media import frames

        clip = frames.Clip.of(inputs["clip"], request["clip"])
        order = frames.play(clip.frames, request["frames"], request["fps"], request["play"], request["start"], request["avoid"])
        made = frames.write(clip.read(order), (clip.width, clip.height), clip.fps, workdir / frames.NAME)
        return Result({"frames": made.path}, made.facts | {"without_face": []})
