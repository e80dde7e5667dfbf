"""What a sheet is, for people: a report in lines, and a picture of all mouths on the face."""

from __future__ import annotations

from typing import Any

from talkmill.backends.portray import drawings, mouths
from talkmill.backends.portray.sheet import Read

SPOKEN = {
    "sil": "rest", "PP": "p b m", "FF": "f v", "TH": "th", "DD": "t d n l", "kk": "k g", "CH": "sh ch", "SS": "s z",
    "nn": "l n", "RR": "r er", "aa": "ah", "E": "eh", "I": "ee", "O": "oh", "U": "oo", "W": "w",
}  # fmt: skip
"""What each viseme is heard as."""

CELL = 360
"""Pixels of one picture of the contact sheet, each way."""


def report(folder: drawings.Folder, made: Read | None) -> list[str]:
    """The sheet in lines: layers, mouths, stand-ins, where the face is, notes and problems."""
    lines = []
    if made is not None:
        kinds = sorted({one.kind.upper() for one in folder.drawings})
        width, height = drawings.canvas_units(folder.drawings)
        lines.append(f"canvas: {width:g}x{height:g} ({' and '.join(kinds)}), drawn at {made.size[0]}x{made.size[1]} pixels")
    lines.append(f"layers: {', '.join(name for name in drawings.LAYERS if name in folder.layers) or 'none'}")
    whole = "head" not in folder.layers and "base" in folder.layers
    wanted = [name for name in drawings.LAYERS if name not in folder.layers and name not in ("base", "head", "body")]
    lines.append(f"not there, and not needed: {', '.join(wanted)}" if wanted else "every layer is there")
    if whole:
        lines.append("head: is not a layer of its own, so the figure moves as a whole and less")
    found = folder.set
    if found is not None:
        lines.append(f"mouths: {', '.join(found.drawn)} ({found.scheme} naming)")
        if missing := found.missing():
            lines.append(f"mouths that are missing: {', '.join(missing)}")
        by: dict[str, list[str]] = {}
        for viseme, drawing in found.standing_in.items():
            by.setdefault(drawing, []).append(SPOKEN[viseme])
        lines += [f"stands in: {drawing} for {', '.join(sounds)}" for drawing, sounds in by.items()]
    if made is not None:
        face = made.face
        places = {"top": _level(face.top, made), "eyes": " and ".join(_spot(eye, made) for eye in face.eyes)}
        places |= {"mouth": _spot(face.mouth, made), "chin": _level(face.chin, made), "neck": _spot(face.neck, made)}
        lines += [f"face: {name} at {place} ({face.found[name]})" for name, place in places.items()]
        lines.append(f"figure: {'goes on below' if face.cut else 'ends within'} the canvas")
    lines += [f"note: {note}" for note in folder.notes]
    return lines + [f"wrong: {problem}" for problem in folder.problems]


def _spot(point: tuple[float, float], made: Read) -> str:
    return f"({point[0] / made.unit:.0f}, {point[1] / made.unit:.0f})"


def _level(y: float, made: Read) -> str:
    return f"y {y / made.unit:.0f}"


def picture(made: Read) -> Any:
    """The contact sheet: the figure with its anchors, every mouth on the face, the blink; a Pillow image."""
    from PIL import Image, ImageDraw, ImageFont

    found = made.folder.set
    cells: list[tuple[str, Any]] = []
    rest = found.shapes["sil"]
    figure = _figure(made, rest, "eyes-open")
    marked = ImageDraw.Draw(figure)
    face, dot = made.face, max(4, made.size[1] // 120)
    for x, y in [*face.eyes, face.mouth, face.neck]:
        marked.ellipse((x - dot, y - dot, x + dot, y + dot), fill="#ff2d6b", outline="#ffffff", width=max(1, dot // 3))
    for y in (face.top, face.chin):
        marked.line((0, y, made.size[0], y), fill="#ff2d6b", width=max(2, dot // 3))
    cells.append(("where the face is", figure))
    left, top, right, bottom = _around(made)
    for name in found.drawn:
        sounds = [SPOKEN[v] for v in mouths.VISEMES if found.shapes.get(v) == name]
        cells.append(
            (f"{name}: {', '.join(sounds) or 'not used'}", _figure(made, name, "eyes-open").crop((left, top, right, bottom)))
        )
    for layer in ("eyes-half", "eyes-shut"):
        if layer in made.images:
            cells.append((layer, _figure(made, rest, layer).crop((left, top, right, bottom))))
    columns = min(4, len(cells))
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * CELL, rows * (CELL + 36)), "#20242c")
    text, font = ImageDraw.Draw(sheet), ImageFont.load_default(20)
    for index, (label, cell) in enumerate(cells):
        x, y = index % columns * CELL, index // columns * (CELL + 36)
        cell = cell.convert("RGB")
        cell.thumbnail((CELL - 8, CELL - 8), Image.Resampling.BOX if min(cell.size) > 2 * CELL else Image.Resampling.BICUBIC)
        sheet.paste(cell, (x + (CELL - cell.width) // 2, y + (CELL - cell.height) // 2))
        text.text((x + CELL // 2, y + CELL + 14), label, font=font, fill="#ffffff", anchor="mm")
    return sheet


def _around(made: Read) -> tuple[int, int, int, int]:
    """The square of the canvas that shows the face below the brows."""
    face = made.face
    x = sum(eye[0] for eye in face.eyes) / len(face.eyes)
    half = 0.62 * face.height
    y = (face.skull + face.chin) / 2 + 0.10 * face.height
    return round(x - half), round(y - half), round(x + half), round(y + half)


def _figure(made: Read, mouth: str, eyes: str) -> Any:
    """All layers as they lie, with one mouth and one state of the eyes, on a plain ground."""
    from PIL import Image

    image = Image.new("RGBA", made.size, "#8fa3b8")
    order = ["back", "body", "base", "head", f"mouths/{mouth}", eyes, "pupils" if eyes == "eyes-open" else "", "brows", "front"]
    for name in order:
        if name in made.images:
            image.alpha_composite(Image.fromarray(made.images[name]))
    return image
