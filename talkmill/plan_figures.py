"""Characters that are photographs or clips: which tickets they need, as the plan names them.

`animate` and `inspect` are once for a character (and set of shapes), like `portray`; their tickets lie in `build/cast/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from talkmill import backends
from talkmill.media import weights
from talkmill.specs import company, resolve
from talkmill.specs.figures import FIGURES, PhotoPortrait

LINES = ("speech", "song")
"""Kinds of lines, which routes tell apart."""
RESTORE = "classic"
"""The backend that puts mouths right which were moved on this machine."""


class Planner(Protocol):
    """What is needed of the plan."""

    project: Any
    purpose: str

    def recipe(self, stage: str, folder: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
        """Name a ticket; gives its path."""
        ...

    def file(self, path: str) -> dict[str, str]:
        """A file of the user's as a recipe names it."""
        ...

    def backend(self, verb: str, name: str) -> dict[str, Any]:
        """A backend as a recipe names it."""
        ...


@dataclass(frozen=True)
class Figure:
    """The tickets of one character of photographs, and what `lipsync` is told of it."""

    inputs: Mapping[str, str]  # role:character -> ticket
    lipsync: Mapping[str, Any]


def is_figure(character: Any) -> bool:
    """Whether a character of the specs is a photograph or a clip."""
    return isinstance(character.portrait, FIGURES)


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


def portrait(planner: Planner, name: str) -> str | None:
    """Name the ticket of a character's picture: the user's own, or one that is bought; None: it is a clip."""
    given, folder = planner.project.characters[name].portrait, f"build/cast/{name}"
    if isinstance(given, PhotoPortrait):
        if not given.file:
            return None
        settings = {
            "name": given.file,
            "backend": planner.backend("portray", "file"),
            "request": {"backdrop": given.backdrop},
            "files": {"image": planner.file(given.file)},
        }
        return planner.recipe("portray", folder, settings, {})
    request = given.model_dump(mode="json", exclude_none=True)
    kind, image = planner.backend("portray", request.pop("backend")), request.pop("image", None)
    if given.backend == "fal":
        request.setdefault("seed", planner.project.config.seed)
    settings = {"backend": kind, "request": request, "files": {"image": planner.file(image)} if image else {}}
    return planner.recipe("portray", folder, settings, {})


def figure(planner: Planner, name: str, shapes: Sequence[str], beside: Sequence[str] = ()) -> Figure:
    """Name the tickets of one character, for these formats; `beside`: who is seen beside it in its own picture, and itself.

    A company has one clip, which runs on along the episode under all of them.

    Raises:
        PrerequisiteError: the weights that find faces are not on this machine.
    """
    character, config = planner.project.characters[name], planner.project.config
    given, folder = character.portrait, f"build/cast/{name}"
    picture, clip = portrait(planner, name), getattr(given, "clip", None)
    face, mouth_box = getattr(given, "face", None), getattr(given, "mouth_box", None)
    path = getattr(given, "file", None) or clip
    upstream = {"portray": picture} if picture else {}
    inputs = {f"portray:{name}": picture} if picture else {}
    options = resolve.animate(config, character, planner.purpose)
    kind = planner.backend("animate", options.pop("backend"))
    play = options.pop("play", "there_and_back")
    request = {**options, "fps": config.fps}
    if beside:
        play, folder = "through", f"build/cast/{beside[0]}"
        upstream = {"portray": portrait(planner, beside[0])} if picture else {}
    if kind["name"] == "idle":
        asked = [planner.project.characters[one].portrait.face for one in beside] or face
        play = "round" if beside else play
        request |= {"shapes": sorted(shapes), "seed": config.seed, "mouth_box": mouth_box, "face": asked}
    settings = {"name": path, "backend": kind, "request": request, "files": {"clip": planner.file(clip)} if clip else {}}
    inputs[f"animate:{name}"] = planner.recipe("animate", folder, settings, upstream)
    mouths = {line: resolve.lipsync(config, character, planner.purpose, line) for line in LINES}
    request = {
        "still": picture is not None,
        "face": face,
        "mouth_box": mouth_box,
        "sync_strength": mouths["speech"]["sync_strength"],
    }
    settings = {"name": path, "backend": planner.backend("inspect", "landmarks"), "request": request}
    upstream = {"portray": picture} if picture else {}
    inputs[f"inspect:{name}"] = planner.recipe(
        "inspect", f"build/cast/{name}", settings, {**upstream, "animate": inputs[f"animate:{name}"]}
    )
    lines = {
        line: {
            "backend": planner.backend("lipsync", mouth["backend"]),
            "options": {key: value for key, value in mouth.items() if key != "backend"},
        }
        for line, mouth in mouths.items()
    }
    return Figure(inputs, {"lines": lines, "play": play})


def restored(
    planner: Planner,
    folder: str,
    shots: Mapping[str, Any],
    told: Mapping[str, Any],
    kinds: Sequence[str],
    upstream: Mapping[str, str],
) -> str:
    """Name the ticket of an episode's segments with their mouths put right; `told` and `upstream` as `lipsync` has them."""
    settings = {"backend": planner.backend("restore", RESTORE), "shots": shots, "figures": told, "kinds": kinds}
    return planner.recipe("restore", folder, settings, upstream)


def cast(planner: Planner, names: Sequence[str], shapes: Sequence[str], episode: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """Of everybody in a cast who is a photograph or a clip: the tickets by role, and what `lipsync` is told, by character."""
    together = company.companies(planner.project, episode)
    inputs: dict[str, str] = {}
    told: dict[str, Any] = {}
    for name in names:
        if is_figure(planner.project.characters[name]):
            made = figure(planner, name, shapes, together.get(name, ()))
            inputs |= made.inputs
            told[name] = made.lipsync
    return inputs, told
