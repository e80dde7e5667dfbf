"""What the styles' recipes are made of; see `styles.py`. All coordinates are in a style's own units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Element = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """One layer of a rig: its name, the part it plays (see `talkmill.picture.rig.PARTS`) and what is drawn on it."""

    name: str
    part: str
    elements: tuple[Element, ...] = ()


@dataclass(frozen=True)
class Mouth:
    """The mouth that is painted in place of the style's own, in the style's units; colours with alpha lie on the skin.

    A colour is `#rrggbb`, or the name of one of the style's own.
    """

    at: tuple[float, float]
    half_width: float  # of the closed mouth
    gap: float  # between the lips when it is as wide open as it goes
    line: tuple[str, float]  # colour, opacity
    line_width: float
    inside: tuple[str, float]
    teeth: str
    tongue: str
    taper: bool = False  # the closed line thins out to the corners
    angle: float = 0.0  # degrees, clockwise: of a face that is not upright
    shade: float = 0.0  # opacity of the small shadow under the lower lip


@dataclass(frozen=True)
class Recipe:
    """A style that can talk."""

    creator: str
    licence: str
    url: str
    units: float  # side of the square canvas
    skull: float  # y of the top of the bare head
    chin: float
    centre: tuple[float, float]  # of the face
    eyes: tuple[tuple[float, float], tuple[float, float]]
    eye_size: tuple[float, float]  # width and height of one open eye
    pivot: tuple[float, float]  # about which the head turns: the base of the neck
    nod: float  # how far the face goes down in a full nod
    gaze: tuple[float, float]  # how far the pupils (of dots: the eyes) go to the side and up or down
    mouth: Mouth
    plan: Callable[[Mapping[str, Any], Mapping[str, str]], list[Plan]]  # definition, chosen variants -> layers, back to front
    calm: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # variants that leave the face free to act, default first
    unused: tuple[str, ...] = ("mouth",)  # components that are not drawn
    skin: str = "skinColor"  # the colour the mouth lies on
    arms: bool = True  # whether a body that is carried on below the canvas shows arms


def element(name: str, children: list[Element] | None = None, **attributes: Any) -> Element:
    made: Element = {"type": "element", "name": name, "attributes": {k.replace("_", "-"): v for k, v in attributes.items()}}
    if children is not None:
        made["children"] = children
    return made


def clipped(elements: list[Element], shapes: list[Element], name: str) -> list[Element]:
    """`elements` where `shapes` are."""
    return [element("clipPath", shapes, id=name), element("g", elements, clip_path=f"url(#{name})")]


def rect(x: float, y: float, width: float, height: float, **more: Any) -> Element:
    return element("rect", x=f"{x:g}", y=f"{y:g}", width=f"{width:g}", height=f"{height:g}", **more)


def circle(x: float, y: float, radius: float, **more: Any) -> Element:
    return element("circle", cx=f"{x:g}", cy=f"{y:g}", r=f"{radius:g}", **more)


def lids(eyes: tuple[tuple[float, float], ...], half: float, sag: float, width: float, **paint: str) -> Element:
    """Closed lids: one arc an eye, hanging down."""
    arcs = "".join(f"M{x - half:g} {y:g}q{half:g} {2 * sag:g} {2 * half:g} 0" for x, y in eyes)
    return element("path", d=arcs, fill="none", stroke_width=f"{width:g}", stroke_linecap="round", **paint)


def component(definition: Mapping[str, Any], name: str) -> Element:
    """The canvas element that places component `name`."""
    return next(e for e in definition["canvas"]["elements"] if e["type"] == "component" and e["name"] == name)


def variant_parts(definition: Mapping[str, Any], name: str, variant: str, picked: list[int]) -> list[Element]:
    """Elements number `picked` of one variant, placed where the component is."""
    drawn = definition["components"][name]["variants"][variant]["elements"]
    return [element("g", [drawn[i] for i in picked], transform=component(definition, name)["attributes"]["transform"])]
