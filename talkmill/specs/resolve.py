"""What holds for one character in one episode and one language: plain values, every default filled in."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from talkmill.specs import defaults
from talkmill.specs.figures import FIGURES, ClipMotion, IdleMotion
from talkmill.specs.models import Character, Config, Episode, Line, Scene
from talkmill.specs.routes import Lipsync, Route


def scene(
    config: Config, character_id: str, character: Character, episode: Episode | None = None, language: str | None = None
) -> dict[str, Any]:
    """The scene of a character's shots in a language, as plain JSON values; without a language roles are in their first one.

    The episode stands over the character, the character over the config, the config over the built-in look: key by key,
    except `background`, which is replaced as a whole. `null` in a file takes a key back to the built-in look.

    Keys: `name` (of the character), `background` {`colour`, `gradient` {`colours`, `angle`}, `image`, `accent`; the first
    three null but for one}, `framing`, `headroom`, `name_line` {`show`, `role`, `colour`, `box`} and `captions` {`show`,
    `font`, `size`, `colour`, `highlight`, `outline`, `box`, `position`}.
    """
    merged: dict[str, Any] = {}
    for layer in (config.scene, character.scene, *((episode.scene,) if episode else ())):
        given = _given(layer)
        for group in ("name_line", "captions"):
            if isinstance(given.get(group), dict):
                given[group] = {**(merged.get(group) or {}), **given[group]}
        merged |= given
    line = _filled(defaults.NAME_LINE, merged.get("name_line"))
    if isinstance(line["role"], dict):
        roles, short = line["role"], (language or "").split("-")[0]
        line["role"] = roles.get(language) or roles.get(short) or (None if language else next(iter(roles.values())))
    return {
        "name": character.name,
        "background": _background(merged.get("background")) or defaults.background(character_id),
        **_filled(defaults.SCENE, merged),
        "name_line": line,
        "captions": _filled(defaults.CAPTIONS, merged.get("captions")),
    }


def caption_style(config: Config, character_id: str, character: Character, episode: Episode | None = None) -> dict[str, Any]:
    """The `captions` of `scene`."""
    return scene(config, character_id, character, episode)["captions"]


def lipsync(config: Config, character: Character, purpose: str = "draft", line: str = "speech") -> dict[str, Any]:
    """How a character's mouth follows its speech, every default filled in.

    The character's route stands over its own `lipsync`, that over the config's route, and that over the config's. Keys:
    `sync_strength`, `temporal_smoothing`; of a photograph or a clip also `face_threshold`, `backend`, and what that backend is
    told.

    Args:
        config, character: the specs.
        purpose: `draft` or `final`.
        line: `speech` or `song`.
    """
    figure = isinstance(character.portrait, FIGURES)
    merged: dict[str, Any] = dict(defaults.FRAMES_LIPSYNC if figure else defaults.LIPSYNC)
    for _, _, layer in mouths(config, character, purpose, line):
        given = layer.model_dump(mode="json", exclude_none=True)
        if "backend" in given and figure:
            merged = {key: value for key, value in merged.items() if key in defaults.FRAMES_LIPSYNC}
        merged |= {key: value for key, value in given.items() if figure or key in merged}
    return {"backend": "warp", **merged} if figure else merged


def mouths(
    config: Config, character: Character, purpose: str = "draft", line: str = "speech"
) -> list[tuple[str, tuple[str | int, ...], Lipsync]]:
    """The layers of `lipsync`, the lowest first: whose (`config` or `character`), where it stands there, and what it says."""
    shared = _route(config.routes, character, "lipsync", purpose, line)
    own = _route(character.routes, character, "lipsync", purpose, line)
    return [
        ("config", ("lipsync",), config.lipsync),
        *([("config", ("routes", _index(config.routes, shared, "lipsync"), "lipsync"), shared)] if shared else []),
        ("character", ("lipsync",), character.lipsync),
        *([("character", ("routes", _index(character.routes, own, "lipsync"), "lipsync"), own)] if own else []),
    ]


def _index(routes: Sequence[Route], found: Any, stage: str) -> int:
    return next(index for index, route in enumerate(routes) if getattr(route, stage) is found)


def animate(config: Config, character: Character, purpose: str = "draft") -> dict[str, Any]:
    """The options of what a photograph or a clip does by itself, `backend` among them."""
    clip = getattr(character.portrait, "clip", None) is not None
    fitting = [one for one in config.routes if one.animate and (one.animate.backend == "clip") == clip]
    shared = _route(fitting, character, "animate", purpose)  # a route for pictures says nothing of clips
    own = _route(character.routes, character, "animate", purpose) or character.animate
    chosen = own or shared or (ClipMotion() if clip else IdleMotion())
    return chosen.model_dump(mode="json", exclude_none=True)


def _route(routes: Sequence[Route], character: Character, stage: str, purpose: str, line: str | None = None) -> Any:
    """What the first route that fits and names a stage says of it; None: none does."""
    style = "photo" if isinstance(character.portrait, FIGURES) else "drawn"
    for route in routes:
        if (
            getattr(route, stage) is not None
            and route.purpose in (None, purpose)
            and route.style in (None, style)
            and (line is None or route.line in (None, line))
        ):
            return getattr(route, stage)
    return None


def emotion(value: str | Mapping[str, float]) -> tuple[str, float]:
    """A line's emotion and its strength."""
    if isinstance(value, str):
        return value, 1.0
    name, strength = next(iter(value.items()))
    return name, float(strength)


def voice(character: Character, language: str, purpose: str = "draft") -> dict[str, Any]:
    """The options of the voice for a language, `backend` among them: what a route says, else `voices["es-MX"]`, else
    `voices["es"]`, else `voice`."""
    short = language.split("-")[0]
    routes = [one for one in character.routes if not one.languages or {language, short} & set(one.languages)]
    routed = _route(routes, character, "voice", purpose)
    chosen = routed or character.voices.get(language) or character.voices.get(short) or character.voice
    return chosen.model_dump(mode="json")


def portrait(character: Character) -> dict[str, Any]:
    """The options of the character's portrait, `backend` among them."""
    return character.portrait.model_dump(mode="json")


def text(value: str | Mapping[str, str], language: str) -> str:
    """The text for a language, in NFC: the one text there is, or the mapping's `es-MX`, else its `es`.

    Raises `KeyError` where the mapping has neither; a loaded project has all that its episodes need.
    """
    if not isinstance(value, str):
        value = value[language] if language in value else value[language.split("-")[0]]
    return unicodedata.normalize("NFC", value)


def spoken(value: str | Mapping[str, str], language: str) -> str:
    """The text of a line as one paragraph: `text` with every run of white space as one space."""
    return " ".join(text(value, language).split())


def recording(line: Line, language: str) -> str | None:
    """The path of a line's recording in a language: the one file there is, or the mapping's `es-MX`, else its `es`."""
    value = line.recording
    if value is None or isinstance(value, str):
        return value
    return value.get(language) or value.get(language.split("-")[0])


def _given(layer: Scene) -> dict[str, Any]:
    """What a file really says, nulls included."""
    return layer.model_dump(mode="json", exclude_unset=True)


def _filled(default: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
    given = given or {}
    return {key: value if given.get(key) is None else given[key] for key, value in default.items()}


def _background(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not given:
        return None
    gradient = given.get("gradient")
    return {
        "colour": given.get("colour"),
        "gradient": {"colours": gradient["colours"], "angle": gradient.get("angle", 180.0)} if gradient else None,
        "image": given.get("image"),
        "accent": given.get("accent"),
    }
