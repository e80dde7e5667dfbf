"""Several people of one picture in one frame: who they are, and what must hold for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from talkmill.specs import resolve, staging
from talkmill.specs.figures import FIGURES, PhotoPortrait
from talkmill.specs.load import Project
from talkmill.specs.models import Episode

HERE = "warp"
"""The backend that changes a face and nothing else of the picture, so that two faces of one picture can be put together."""


def picture_of(character: Any) -> tuple[str, ...] | None:
    """What says that two characters are in the same picture or clip; None where it is bought, or drawn."""
    given = character.portrait
    if not isinstance(given, PhotoPortrait):
        return None
    return ("file", str(given.file), given.backdrop) if given.file else ("clip", str(given.clip))


def frames_of(episode: Episode) -> Iterator[tuple[int | None, list[str]]]:
    """Everyone who may be in one frame together: (number of the line that asks for it, or None for `shots`, who)."""
    if episode.shots.by != "speaker":
        yield None, staging.together(episode)
    for number, cast in enumerate(staging.asked(episode)):
        if cast and len(cast) > 1:
            yield number, cast


def companies(project: Project, episode: Episode) -> dict[str, tuple[str, ...]]:
    """By character that is seen beside others of its own picture in this episode: all of them, itself among them, by name."""
    joined: dict[str, set[str]] = {}
    for _, cast in frames_of(episode):
        for one in cast:
            picture = picture_of(project.characters[one])
            others = {other for other in cast if picture and picture_of(project.characters[other]) == picture}
            if len(others) > 1:
                whole = others.union(*(joined.get(other, set()) for other in others))
                for other in whole:
                    joined[other] = whole
    return {one: tuple(sorted(whole)) for one, whole in joined.items()}


def against(project: Project, cast: list[str]) -> tuple[str, str] | None:
    """What is against showing these characters in one frame (at least one of them is a photograph or a clip), and its cure."""
    people = {one: project.characters[one] for one in cast}
    filmed = [one for one, person in people.items() if isinstance(person.portrait, FIGURES)]
    pictures = {picture_of(person) for person in people.values()}
    if len(pictures) > 1 or None in pictures:
        what = f"shows several characters in one frame, and {filmed[0]} is a photograph or a clip"
        return what, (
            "Use `speaker`, which cuts to whoever speaks; or give all who are together one picture: the same `file` or `clip`, "
            "with a `face` each."
        )
    faces: dict[Any, str] = {}
    for one, person in people.items():
        face = 1 if person.portrait.face == "left" else person.portrait.face
        if face is None:
            return (
                f"shows {one} beside others of one picture, and nothing says which face is theirs",
                f"Set portrait.face of {one}: left, right, or a number from the left.",
            )
        if face in faces:
            return (
                f"shows {faces[face]} and {one} in one frame, and both are the same face (found {person.portrait.face})",
                "Give each a face of their own.",
            )
        faces[face] = one
    for purpose in ("draft", "final"):
        moved = {repr(resolve.animate(project.config, person, purpose)): one for one, person in people.items()}
        if len(moved) > 1:
            names = " and ".join(sorted(moved.values())[:2])
            return (
                f"shows {names} in one picture, and they move it differently",
                "Give them the same `animate`, or take it away.",
            )
        for one, person in people.items():
            for line in ("speech", "song"):
                used = resolve.lipsync(project.config, person, purpose, line)["backend"]
                if used != HERE:
                    return (
                        f"shows {one} beside others of one picture, and {used} makes whole pictures ({purpose}, {line})",
                        "Use `lipsync: warp` for those who are shown together, or `shots: speaker`.",
                    )
    return None
