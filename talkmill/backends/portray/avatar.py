"""A vector character of a DiceBear style, taken apart into a rig that can talk."""

from __future__ import annotations

import difflib
import io
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.portray.style_parts import Plan, Recipe
from talkmill.backends.portray.styles import RECIPES
from talkmill.errors import BackendError, RequestError
from talkmill.picture.rig import FORMAT

if TYPE_CHECKING:
    from PIL import Image as Pictures

SIDE = 1536
"""Width and height of a rig's canvas in pixels."""
ROUGH = 4
"""Pixels of the canvas, in each direction, that are one in the rough drawing that finds a layer's place."""

STYLES: dict[str, dict[str, str]] = {
    name: {"creator": recipe.creator, "licence": recipe.licence, "url": recipe.url} for name, recipe in RECIPES.items()
}
"""The styles that can talk, with who made each and under which licence."""

LIPS = "lipsColor"
"""Our own trait, beside those of the style: lips in that colour. Without it the mouth is a line, as the styles draw it."""

_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


@cache
def _definition(style: str) -> dict[str, Any]:
    from importlib.resources import files

    read: dict[str, Any] = json.loads((files("dicebear_styles") / f"{style}.json").read_text(encoding="utf-8"))
    read["colors"].pop("background", None)  # what is behind a character is the scene's
    return read


def _unknown(kind: str, found: str, known: list[str]) -> str:
    close = difflib.get_close_matches(found, known, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"no {kind} of that name ({found!r}).{hint} Choose one of: {', '.join(known)}."


def traits(style: str) -> dict[str, list[str]]:
    """The traits of a style and the values of each; a trait whose name ends in `Color` takes any #RRGGBB, listed or not.

    Raises:
        RequestError: no such style can talk.
    """
    if style not in RECIPES:
        raise RequestError(f"portrait: {_unknown('style that can talk', style, sorted(RECIPES))}")
    definition, calm = _definition(style), RECIPES[style].calm
    found: dict[str, list[str]] = {}
    for name, component in definition["components"].items():
        if name in RECIPES[style].unused or "variants" not in component:
            continue
        optional = ["none"] if "probability" in component else []
        found[name] = list(calm.get(name, ())) or [*sorted(component["variants"]), *optional]
    for name, colour in definition["colors"].items():
        found[f"{name}Color"] = list(colour["values"])
    found[LIPS] = []
    return found


def check_options(style: str, given: Mapping[str, Any]) -> list[str]:
    """Everything wrong with a portrait's `style` and `traits`, one sentence or two each; empty when all is well."""
    try:
        known = traits(style)
    except RequestError as error:
        return [str(error).removeprefix("portrait: ")]
    problems = []
    for name, value in given.items():
        if name not in known:
            problems.append(f"{style}: {_unknown('trait', name, sorted(known))}")
            continue
        values = value if isinstance(value, list) else ["none" if value is False else value]
        for one in values:
            if name.endswith("Color"):
                if not (isinstance(one, str) and _HEX.fullmatch(one)):
                    problems.append(f"{style}: {name} is not a colour ({one!r}). Write it as #RRGGBB, in quotes.")
            elif one not in known[name]:
                problems.append(f"{style}: {_unknown(f'{name}', str(one), known[name])}")
        if not values:
            problems.append(f"{style}: {name} is an empty list. Give a value, or leave the trait out.")
    return problems


def _options(style: str, seed: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """DiceBear's options for the traits: variants, probabilities and colours."""
    recipe, components = RECIPES[style], _definition(style)["components"]
    made: dict[str, Any] = {"seed": seed}
    for name, calm in recipe.calm.items():
        made[f"{name}Variant"] = [calm[0]] if name in ("eyes", "eyebrows") else list(calm)
    for name, value in given.items():
        values = value if isinstance(value, list) else ["none" if value is False else value]
        if name == LIPS:
            continue
        if name in components:
            wanted = [one for one in values if one != "none"]
            if "probability" in components[name]:
                made[f"{name}Probability"] = round(100 * len(wanted) / len(values))
            if wanted:
                made[f"{name}Variant"] = wanted
        else:
            made[name] = values
    return made


class Avatar:
    """portray with the vector characters of DiceBear: `style`, `seed` and `traits` to a rig."""

    name: ClassVar[str] = "avatar"
    version: ClassVar[int] = 3
    licence: ClassVar[str] = "that of the style, which the facts name"
    packages: ClassVar[tuple[str, ...]] = ("dicebear-core", "dicebear-styles", "resvg-py", "pillow")

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Draw the rig; see `talkmill.picture.rig` for its files.

        Raises:
            RequestError: an unknown style, trait or value; the message lists what there is.
            BackendError: the drawing failed.
        """
        style, given = request["style"], request.get("traits") or {}
        problems = check_options(style, given)
        if problems:
            raise RequestError("portrait: " + "\n".join(problems))
        recipe = RECIPES[style]
        options = _options(style, str(request.get("seed", "1")), given)
        chosen, options = _resolve(style, options)
        scale = SIDE / recipe.units
        layers, files = [], {}
        for plan in recipe.plan(_definition(style), chosen):
            if plan.part == "mouth":
                layers.append({"name": plan.name, "part": "mouth", "box": [0, 0, 0, 0]})
                continue
            cut = _draw(style, plan, options)
            if cut is None:
                continue
            box, image = cut
            files[plan.name] = workdir / f"{plan.name}.png"
            image.save(files[plan.name], format="PNG", compress_level=6)
            layers.append({"name": plan.name, "part": plan.part, "box": list(box)})
        meta = _definition(style)["meta"]
        licence = {"name": recipe.licence, "url": recipe.url, "creator": recipe.creator, "source": meta["source"]["url"]}
        rig = {
            "format": FORMAT,
            "style": style,
            "size": [SIDE, SIDE],
            "layers": layers,
            "face": _face(recipe, layers, scale),
            "mouth": _mouth(recipe, chosen, given.get(LIPS), scale),
            "licence": licence,
        }
        files["rig"] = workdir / "rig.json"
        files["rig"].write_text(json.dumps(rig, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return Result(files, {"style": style, "licence": licence, "size": [SIDE, SIDE]})


def _resolve(style: str, options: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """What the seed chose, and options that say so: every layer is drawn from the same choices."""
    from dicebear import Avatar as Drawing
    from dicebear import Style

    # Variants are chosen by names and weights alone, and checking the drawings takes DiceBear far longer than choosing.
    whole = _definition(style)
    bare = {
        name: {**component, "variants": {one: _bare(variant) for one, variant in component["variants"].items()}}
        for name, component in whole["components"].items()
    }
    names = {**whole, "canvas": _bare(whole["canvas"]), "components": bare}
    found = Drawing(Style(names), options).to_json()["options"]
    chosen: dict[str, str] = {}
    fixed: dict[str, Any] = {"seed": options["seed"]}
    for name, component in whole["components"].items():
        variant = found.get(f"{name}Variant")
        if variant:
            chosen[name] = variant
            fixed[f"{name}Variant"] = [variant]
        if "probability" in component:
            fixed[f"{name}Probability"] = 100 if variant else 0
    # Colours are chosen where something is drawn in them.
    found = Drawing(Style(_only(style, whole["canvas"]["elements"], fixed)), {**options, **fixed}).to_json()["options"]
    for name in whole["colors"]:
        colour = found.get(f"{name}Color")
        if colour:
            chosen[f"{name}Color"] = colour[0]
            fixed[f"{name}Color"] = [colour[0]]
    return chosen, fixed


def _only(style: str, elements: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The style's definition with a canvas of `elements`, and of the components only what is drawn in it."""
    whole, used, waiting = _definition(style), {}, list(_names(list(elements)))
    while waiting:
        name = waiting.pop()
        if name not in used and f"{name}Variant" in options:
            component, variant = whole["components"][name], options[f"{name}Variant"][0]
            used[name] = {**component, "variants": {variant: component["variants"][variant]}}
            waiting += _names(component["variants"][variant]["elements"])
    return {**whole, "canvas": {**whole["canvas"], "elements": list(elements)}, "components": used}


def _draw(style: str, plan: Plan, options: dict[str, Any]) -> tuple[tuple[int, int, int, int], Any] | None:
    """One layer, cut to what is drawn: (x, y, width, height) and a Pillow image; None when nothing is."""
    from dicebear import Avatar as Drawing
    from dicebear import Style

    svg = Drawing(Style(_only(style, plan.elements, options)), options).to_string()
    try:
        # Masks take as long as the canvas is large: a small drawing says how much of it is needed. Its origin stays where it
        # is: resvg cuts nested clips short on a canvas that begins further in.
        rough = _raster(svg, SIDE, SIDE, ROUGH).getchannel("A").getbbox()
        if rough is None:
            return None
        image = _raster(svg, *(min((value + 1) * ROUGH, SIDE) for value in rough[2:]))
    except Exception as error:  # resvg raises whatever the Rust side gives
        raise BackendError(f"portrait: layer {plan.name} of {style} cannot be drawn ({error}). Choose other traits.") from error
    found = image.getchannel("A").getbbox()
    if found is None:
        return None
    left, top, right, bottom = found
    return (left, top, right - left, bottom - top), image.crop(found)


def _raster(svg: str, width: int, height: int, step: int = 1) -> Pictures.Image:
    """The first `width` x `height` pixels of the canvas of `SIDE` pixels, RGBA, one pixel for `step`."""
    import resvg_py
    from PIL import Image

    root = re.match(r'<svg [^>]*?viewBox="0 0 (\d+) \1"', svg)
    if root is None:
        raise ValueError("its drawing has no square view box")
    view = f'viewBox="0 0 {width * int(root[1]) / SIDE!r} {height * int(root[1]) / SIDE!r}" preserveAspectRatio="none"'
    svg = f'{root[0].rpartition("viewBox=")[0]}width="{width}" height="{height}" {view}{svg[root.end() :]}'
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width // step, height=height // step, skip_system_fonts=True))
    return Image.open(io.BytesIO(png)).convert("RGBA")


def _bare(drawing: Mapping[str, Any]) -> dict[str, Any]:
    """A canvas or a variant with nothing in it but the components that it refers to."""
    names = dict.fromkeys(_names(drawing["elements"]))
    return {**drawing, "elements": [{"type": "component", "name": name} for name in names]}


def _names(elements: Any) -> list[str]:
    """The components that elements refer to, however deep."""
    if isinstance(elements, list):
        return [name for element in elements for name in _names(element)]
    if not isinstance(elements, dict):
        return []
    own = [elements["name"]] if elements.get("type") == "component" else []
    return own + [name for value in elements.values() for name in _names(value)]


def _face(recipe: Recipe, layers: list[dict[str, Any]], scale: float) -> dict[str, Any]:
    """The face's geometry in pixels of the canvas."""

    def at(point: tuple[float, float]) -> list[float]:
        return [round(value * scale, 2) for value in point]

    moving = [layer["box"][1] for layer in layers if layer["part"] not in ("body", "mouth")]
    return {
        "top": min(moving),
        "skull": round(recipe.skull * scale, 2),
        "chin": round(recipe.chin * scale, 2),
        "centre": at(recipe.centre),
        "eyes": [at(eye) for eye in recipe.eyes],
        "eye_size": at(recipe.eye_size),
        "mouth": at(recipe.mouth.at),
        "pivot": at(recipe.pivot),
        "nod": round(recipe.nod * scale, 2),
        "gaze": at(recipe.gaze),
        "arms": recipe.arms,
    }


def _mouth(recipe: Recipe, chosen: Mapping[str, str], lips: str | list[str] | None, scale: float) -> dict[str, Any]:
    """The painted mouth: lengths in pixels of the canvas, colours as they look on that skin."""
    mouth, skin = recipe.mouth, chosen[recipe.skin]

    def paint(colour: tuple[str, float]) -> str:
        return _over((chosen.get(f"{colour[0]}Color", colour[0]), colour[1]), skin)

    return {
        "half_width": round(mouth.half_width * scale, 2),
        "gap": round(mouth.gap * scale, 2),
        "line": paint(mouth.line),
        "line_width": round(mouth.line_width * scale, 2),
        "inside": paint(mouth.inside),
        "teeth": mouth.teeth.lower(),
        "tongue": mouth.tongue.lower(),
        "skin": skin.lower(),
        "lips": (lips[0] if isinstance(lips, list) else lips).lower() if lips else None,
        "angle": mouth.angle,
        "taper": mouth.taper,
        "shade": mouth.shade,
    }


def _over(paint: tuple[str, float], skin: str) -> str:
    """The opaque colour that `paint` (colour, opacity) gives on `skin`."""
    colour, opacity = paint
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(skin[1:]), strict=True)
    return "#" + "".join(f"{round(a * opacity + b * (1 - opacity)):02x}" for a, b in pairs)
