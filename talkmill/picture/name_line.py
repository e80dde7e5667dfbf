"""The plate that says who speaks."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np

from talkmill.errors import PrerequisiteError, RequestError
from talkmill.picture.colour import layer, rgb
from talkmill.picture.layout import captions_top

SAFE = {"vertical": (60, 220, 896, 1470)}
"""left, top, right, bottom of what the platforms' own buttons and texts leave free, at 1080x1920."""


_WEIGHTS = {"Bold": 700, "Medium": 500}

_FAMILIES = (
    ("fontpkg-poppins", "Poppins-{weight}.ttf", ()),
    ("fontpkg-rubik", "Rubik[wght].ttf", ("wght",)),
    ("fontpkg-open-sans", "OpenSans[wdth,wght].ttf", ("wdth", "wght")),
)
"""Packages of fonts, in order of preference: file, and the axes that are to be set in a variable one."""


PLAIN = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100))))
"""Letters that the first family has (a test looks)."""


def require_letters(text: str) -> None:
    """Raise unless a name line with this text can be drawn.

    Raises:
        RequestError: no font has all of it, or it runs from right to left.
    """
    if not set(text) <= PLAIN:
        _family(text)


def _family(text: str) -> tuple[str, str, tuple[str, ...]]:
    """The first family that has every letter of `text`.

    Raises:
        RequestError: none has.
        PrerequisiteError: a font's package is not installed.
    """
    from fontTools.ttLib import TTFont

    wanted, missing = {ord(letter) for letter in text if not letter.isspace()}, ""
    for family in _FAMILIES:
        with _file(family, "Bold") as file, TTFont(file, lazy=True) as font:
            lacking = wanted - set(font.getBestCmap())
        # Pillow sets letters from left to right.
        lacking |= {letter for letter in wanted if unicodedata.bidirectional(chr(letter)) in ("R", "AL")}
        if not lacking:
            return family
        missing = missing or "".join(sorted(map(chr, lacking)))
    raise RequestError(
        f"name line: no font that comes with Talkmill has all letters of {text!r} (missing: {missing}). "
        "Write it in Latin, Greek or Cyrillic letters, or set name_line.show to false."
    )


def _file(family: tuple[str, str, tuple[str, ...]], weight: str) -> Any:
    from importlib.resources import files

    package, name, _axes = family
    try:
        return (files(package.replace("-", "_")) / "files" / name.format(weight=weight)).open("rb")
    except (ModuleNotFoundError, FileNotFoundError):
        raise PrerequisiteError(f"name line: a font is not installed ({package}). Install the package {package}.") from None


def _font(family: tuple[str, str, tuple[str, ...]], weight: str, size: int) -> Any:
    from PIL import ImageFont

    with _file(family, weight) as file:
        font = ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)
    if family[2]:
        font.set_variation_by_axes([{"wght": _WEIGHTS[weight], "wdth": 100}[axis] for axis in _axis_order(font)])
    return font


def _axis_order(font: Any) -> list[str]:
    """Tags of a variable font's axes in the font's own order; Pillow names them in words."""
    tags = {b"Weight": "wght", b"Width": "wdth"}
    return [tags[axis["name"]] for axis in font.get_variation_axes()]


def safe_area(size: tuple[int, int]) -> tuple[float, float, float, float]:
    """left, top, right, bottom in pixels that text may use."""
    width, height = size
    if height > width:
        left, top, right, bottom = SAFE["vertical"]
        return left * width / 1080, top * height / 1920, right * width / 1080, bottom * height / 1920
    return 0.05 * width, 0.06 * height, 0.95 * width, 0.94 * height


def name_line(
    size: tuple[int, int], scene: Mapping[str, Any], chin: float, side: float = 0.0
) -> tuple[np.ndarray, int, int] | None:
    """The plate as a layer and its upper left corner; None where no name is shown. `chin` (y): the plate stays below it; `side` 0..1 is its
    place between the left and the right end of where text may be."""
    from PIL import Image, ImageDraw

    wanted = scene["name_line"]
    if not wanted["show"]:
        return None
    left, top, right, bottom = safe_area(size)
    unit = min(size) / 1080
    role, room = wanted.get("role"), right - left
    family = _family(scene["name"] + (role or ""))
    for shrink in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.42):
        big = _font(family, "Bold", round(46 * unit * shrink))
        small = _font(family, "Medium", round(29 * unit * shrink))
        pad_x, pad_y, bar = round(28 * unit), round(17 * unit), round(9 * unit)
        widths = [big.getlength(scene["name"]), small.getlength(role) if role else 0]
        if max(widths) + 2 * pad_x + bar <= room:
            break
    ascent, descent = big.getmetrics()
    high = round((ascent + descent) * 0.86)
    low = round(sum(small.getmetrics()) * 0.95) if role else 0
    plate = (round(max(widths)) + 2 * pad_x + bar, high + low + 2 * pad_y)
    radius = round(16 * unit)
    # Drawn at four times the size and brought down: Pillow's rounded corners are not antialiased.
    mask = Image.new("L", (plate[0] * 4, plate[1] * 4), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, plate[0] * 4 - 1, plate[1] * 4 - 1), radius * 4, fill=255)
    mask = mask.resize(plate, Image.Resampling.BOX)
    picture = Image.new("RGB", plate, rgb(wanted["box"]))
    draw = ImageDraw.Draw(picture)
    colour, box = rgb(wanted["colour"]), rgb(wanted["box"])
    accent = scene["background"].get("accent") or wanted["colour"]
    draw.rectangle((0, 0, bar - 1, plate[1]), fill=rgb(accent))
    draw.text((bar + pad_x, pad_y + round(ascent * 0.94)), scene["name"], font=big, fill=colour, anchor="ls")
    if role:
        softer = tuple(round(0.78 * a + 0.22 * b) for a, b in zip(colour, box, strict=True))
        baseline = pad_y + high + round(small.getmetrics()[0] * 0.92)
        draw.text((bar + pad_x, baseline), role, font=small, fill=softer, anchor="ls")
    picture.putalpha(mask)
    return layer(np.asarray(picture)), round(left + side * (room - plate[0])), _top(size, scene, plate[1], chin, top, bottom)


def _top(size: tuple[int, int], scene: Mapping[str, Any], tall: int, chin: float, top: float, bottom: float) -> int:
    """Under the captions where there is room, else between chin and captions, else as low as may be."""
    captions, space = scene["captions"], 0.022 * size[1]
    if not captions["show"] or captions["position"] < 0.4:
        return round(min(max(chin + 0.10 * size[1], 0.64 * size[1]), bottom - tall))
    under = captions["position"] * size[1] + space
    if under + tall <= bottom:
        return round(under)
    above = captions_top(size, captions) - space - tall
    return round(above if above > chin + space else max(top, bottom - tall))
