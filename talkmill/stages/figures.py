"""Characters that are photographs or clips: which tickets they need, as the plan names them, and how stages ask for them.

`animate` and `inspect` are once for a character (and set of shapes), like `portray`; their tickets lie in `build/cast/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from talkmill import backends
from talkmill.errors import RequestError
from talkmill.media import weights
from talkmill.specs import resolve


class Planner(Protocol):
    """What is needed of the plan."""

    project: Any

    def recipe(self, stage: str, folder: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
        """Name a ticket; gives its path."""
        ...

    def file(self, path: str) -> dict[str, str]:
        """A file of the user's as a recipe names it."""
        ...

    def backend(self, verb: str, name: str) -> dict[str, Any]:
        """A backend as a recipe names it."""
        ...


@contextmanager
def about(name: str | None) -> Iterator[None]:
    """Errors about the user's own file begin with its name, which is no part of any content key."""
    try:
        yield
    except RequestError as error:
        if name is None:
            raise
        raise RequestError("\n".join(f"{name}: {line}" for line in str(error).splitlines())) from None


@dataclass(frozen=True)
class Figure:
    """The tickets of one character of photographs, and what `lipsync` is told of it."""

    inputs: Mapping[str, str]  # role:character -> ticket
    lipsync: Mapping[str, Any]


def is_figure(character: Any) -> bool:
    """Whether a character of the specs is a photograph or a clip."""
    return character.portrait.backend == "file"


def engine_of_weights(verb: str, name: str) -> dict[str, str]:
    """What a backend's weights add to its recipe; nothing where it has none.

    Raises:
        PrerequisiteError: they are not on this machine.
    """
    found: dict[str, str] = {}
    for one in getattr(backends.load(verb, name), "weights", ()):
        weights.require(weights.named(one))
        found |= weights.named(one).engine
    return found


def figure(planner: Planner, name: str, shapes: Sequence[str]) -> Figure:
    """Name the tickets of one character, for these formats.

    Raises:
        PrerequisiteError: the weights that find faces are not on this machine.
    """
    character, config = planner.project.characters[name], planner.project.config
    portrait, folder = character.portrait, f"build/cast/{name}"
    path = portrait.file or portrait.clip
    inputs: dict[str, str] = {}
    if portrait.file:
        settings = {
            "name": path,
            "backend": planner.backend("portray", "file"),
            "request": {"backdrop": portrait.backdrop},
            "files": {"image": planner.file(path)},
        }
        inputs[f"portray:{name}"] = planner.recipe("portray", folder, settings, {})
    options = resolve.animate(character)
    kind = planner.backend("animate", options.pop("backend"))
    play = options.pop("play", "there_and_back")
    request = {**options, "fps": config.fps}
    if portrait.file:
        request |= {"shapes": sorted(shapes), "seed": config.seed, "mouth_box": portrait.mouth_box, "face": portrait.face}
    files = {} if portrait.file else {"clip": planner.file(path)}
    settings = {"name": path, "backend": kind, "request": request, "files": files}
    upstream = {"portray": inputs[f"portray:{name}"]} if portrait.file else {}
    inputs[f"animate:{name}"] = planner.recipe("animate", folder, settings, upstream)
    mouth = resolve.lipsync(config, character)
    request = {
        "still": portrait.file is not None,
        "face": portrait.face,
        "mouth_box": portrait.mouth_box,
        "sync_strength": mouth["sync_strength"],
    }
    settings = {"name": path, "backend": planner.backend("inspect", "landmarks"), "request": request}
    inputs[f"inspect:{name}"] = planner.recipe("inspect", folder, settings, {**upstream, "animate": inputs[f"animate:{name}"]})
    lipsync = {"backend": planner.backend("lipsync", LIPSYNC), "options": mouth, "play": play}
    return Figure(inputs, lipsync)


LIPSYNC, RESTORE = "warp", "classic"
"""The backends that move the mouths of photographs and clips, and that put them right."""


def in_clip(box: Sequence[float] | None, clip: Mapping[str, Any], picture: Mapping[str, Any] | None) -> list[float] | None:
    """A `mouth_box` (fractions of the user's own picture) as fractions of the clip that was made of it.

    `clip` and `picture` are the facts of `animate` and `portray`; of a video that is the portrait itself there is no `picture`.
    """
    if box is None or picture is None:
        return list(box) if box else None
    x, y, width, height = box
    wide, tall = (picture[side] * clip["scale"] for side in ("width", "height"))
    left, top = clip["corner"]
    made = [(x * wide - left) / clip["width"], (y * tall - top) / clip["height"]]
    made += [width * wide / clip["width"], height * tall / clip["height"]]
    return [round(part, 5) for part in made]


def restored(
    planner: Planner, folder: str, shots: Mapping[str, Any], told: Mapping[str, Any], upstream: Mapping[str, str]
) -> str:
    """Name the ticket of an episode's segments with their mouths put right; `told` and `upstream` as `lipsync` has them."""
    settings = {"backend": planner.backend("restore", RESTORE), "shots": shots, "figures": told}
    return planner.recipe("restore", folder, settings, upstream)


def cast(planner: Planner, names: Sequence[str], shapes: Sequence[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Of everybody in a cast who is a photograph or a clip: the tickets by role, and what `lipsync` is told, by character."""
    inputs: dict[str, str] = {}
    told: dict[str, Any] = {}
    for name in names:
        if is_figure(planner.project.characters[name]):
            made = figure(planner, name, shapes)
            inputs |= made.inputs
            told[name] = made.lipsync
    return inputs, told
