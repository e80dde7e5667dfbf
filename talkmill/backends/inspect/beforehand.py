"""What can be said of photographs and clips before anything runs: by the heads of the files, and by who is shown with whom."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from talkmill.errors import MediaError, Problem
from talkmill.specs import staging
from talkmill.specs.figures import PhotoPortrait
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
            raise MediaError(f"is too small for a face that talks ({width}x{height} pixels). Give the original, not a thumbnail.")
        return
    with path.open("rb") as stream:
        head = stream.read(16)
    if head[:4] in (b"\x89PNG", b"RIFF") and head[8:12] in (b"\x00\x00\x00\r", b"WEBP") or head[:3] == b"\xff\xd8\xff":
        raise MediaError("is a picture (found no video). Name it as `file` instead of `clip`.")
    if not head:
        raise MediaError("is empty (0 bytes). Copy or export it again.")


def company(project: Project) -> Iterable[Problem]:
    """Shots in which somebody who is a photograph or a clip would be seen beside somebody else."""
    for schedule, found in project.schedules.items():
        file = f"schedules/{schedule}.yaml"
        for index, episode in enumerate(found.episodes):
            cast = [one for one in staging.cast(episode) if one in project.characters]
            filmed = [one for one in cast if isinstance(project.characters[one].portrait, PhotoPortrait)]
            if episode.skip or not filmed or len(cast) < 2:
                continue
            what = f"shows several characters in one frame, and {filmed[0]} is a photograph or a clip"
            cure = "Use `speaker`, which cuts to whoever speaks: photographs and clips are shown one at a time."
            if episode.shots.by != "speaker":
                yield project.problem_in(file, ("episodes", index, "shots"), what, cure)
            for number, wanted in enumerate(staging.asked(episode)):
                if wanted and len(wanted) > 1 and set(wanted) & set(filmed):
                    yield project.problem_in(file, ("episodes", index, "script", number, "shot"), what, cure)
