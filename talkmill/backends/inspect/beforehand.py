"""What can be said of photographs and clips before anything runs: by the heads of the files, and by who is shown with whom."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from talkmill.errors import MediaError, Problem
from talkmill.specs import company as companies
from talkmill.specs import staging
from talkmill.specs.figures import FIGURES, PhotoPortrait
from talkmill.specs.load import Project

LEAST = 256
"""Pixels of a picture's shorter side under which no face in it can have the size that is needed."""


def photos(project: Project) -> Iterable[Problem]:
    """Pictures that are none, or far too small; clips that are no videos. One problem a character."""
    for name, character in project.characters.items():
        portrait = character.portrait
        if not isinstance(portrait, PhotoPortrait):
            continue
        key = "file" if portrait.file else "clip"
        given = str(portrait.file or portrait.clip)
        path = project.root / given
        if project.touched(f"characters/{name}.yaml", ("portrait", key)) or not path.is_file():
            continue  # has been told
        try:
            _look(path, key)
        except MediaError as error:
            what, _, cure = str(error).rpartition(". ")
            if "). " in str(error):
                what, _, cure = str(error).partition("). ")
                what += ")"
            yield project.problem(name, ("portrait", key), f"{what}, in {given}" if given not in what else what, cure)


def _look(path: Path, key: str) -> None:
    """Raise `MediaError` for what the head of a file says against it."""
    if key == "file":
        from talkmill.media import images

        _, width, height = images.size_of(path)
        if min(width, height) < LEAST:
            raise MediaError(f"is too small for a face that talks ({width}x{height} pixels). Give the original.")
        return
    with path.open("rb") as stream:
        head = stream.read(16)
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    if webp or head.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        raise MediaError("is a picture (found no video). Name it as `file` instead of `clip`.")
    if not head:
        raise MediaError("is empty (0 bytes). Copy or export it again.")


def company(project: Project) -> Iterable[Problem]:
    """Frames in which somebody who is a photograph or a clip would be seen beside others, where that cannot be made."""
    for schedule, found in project.schedules.items():
        file = f"schedules/{schedule}.yaml"
        for index, episode in enumerate(found.episodes):
            if episode.skip or len(staging.cast(episode)) < 2:
                continue
            for number, cast in companies.frames_of(episode):
                known = [one for one in cast if one in project.characters]
                if len(known) < 2 or not any(isinstance(project.characters[one].portrait, FIGURES) for one in known):
                    continue
                if wrong := companies.against(project, known):
                    where = ("shots",) if number is None else ("script", number, "shot")
                    yield project.problem_in(file, ("episodes", index, *where), *wrong)
