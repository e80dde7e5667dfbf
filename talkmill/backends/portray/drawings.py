"""The files of a sheet: which layer each is, whether it can be used, and its pixels.

What is wrong is told as `file: what is wrong (what was found). What to do.`, all of it at once. Looking at a PNG here reads
its chunks, not its pixels.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from talkmill.backends.portray import mouths
from talkmill.errors import BackendError

MAX_SIDE, MAX_PIXELS = 8000, 40_000_000
"""Pixels a side and in all that a layer may have."""
MAX_SVG = 4_000_000
"""Bytes of an SVG."""
MAX_FILES = 200
"""Files in a sheet's folder that are looked at."""
SVG_SIDE = 2048
"""Longer side at which a sheet of SVGs is drawn, in pixels."""

LAYERS = ("back", "body", "base", "head", "front", "eyes-open", "eyes-half", "eyes-shut", "pupils", "brows")
"""The layers that a sheet may have beside its mouths."""
_ALIASES = {"eyes": "eyes-open", "eyes-closed": "eyes-shut", "eyebrows": "brows"}

_PICTURES = (".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".psd", ".apng", ".avif")
_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG"), (b"GIF8", "a GIF"), (b"\xff\xd8\xff", "a JPEG"), (b"8BPS", "a Photoshop file"),
    (b"II*\x00", "a TIFF"), (b"MM\x00*", "a TIFF"), (b"BM", "a BMP"), (b"%PDF", "a PDF"), (b"PK\x03\x04", "a zip file"),
)  # fmt: skip


@dataclass(frozen=True)
class Drawing:
    """One file that can be drawn."""

    file: str  # within the folder
    path: Path
    kind: str  # "png" or "svg"
    size: tuple[float, float]  # pixels of a PNG, units of an SVG


@dataclass
class Folder:
    """What a sheet's folder holds; `problems` make it unusable, `notes` do not."""

    layers: dict[str, Drawing] = field(default_factory=dict)  # by layer's name
    mouths: dict[str, Drawing] = field(default_factory=dict)  # by drawing's name
    set: mouths.MouthSet | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def drawings(self) -> list[Drawing]:
        """All of them."""
        return [*self.layers.values(), *self.mouths.values()]


def layer_of(file: str) -> str | None:
    """Which layer a file of the folder is by its name: one of `LAYERS`, `mouths/<stem>`, or None."""
    path = Path(file)
    if len(path.parts) == 2:
        return f"mouths/{path.stem}" if path.parts[0].lower() == "mouths" and path.suffix.lower() in _PICTURES else None
    stem = re.sub(r"[\s_]+", "-", path.stem.lower())
    stem = _ALIASES.get(stem, stem)
    return stem if len(path.parts) == 1 and stem in LAYERS and path.suffix.lower() in _PICTURES else None


def find(folder: Path) -> dict[str, Path]:
    """The layers' files in a folder, by their names within it, in order; empty where it cannot be read."""
    found: dict[str, Path] = {}
    try:
        inside = [entry for entry in folder.iterdir() if entry.is_dir() and entry.name.lower() == "mouths"]
        for entry in [*folder.iterdir(), *(file for sub in inside for file in sub.iterdir())]:
            name = entry.relative_to(folder).as_posix()
            if entry.is_file() and not entry.name.startswith(".") and layer_of(name):
                found[name] = entry
    except OSError:
        return {}
    return dict(sorted(found.items()))


def unused(folder: Path) -> list[str]:
    """Pictures in the folder that are no layer by their name."""
    found = [path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in _PICTURES]
    return sorted(path.name for path in found if not path.name.startswith(".") and layer_of(path.name) is None)


def survey(files: Mapping[str, Path], scheme: str | None) -> Folder:
    """Look at a sheet's files (name within the folder -> path); `scheme` names the mouths' scheme, None finds it."""
    made = Folder()
    if len(files) > MAX_FILES:
        made.problems.append(f"holds too many layers ({len(files)}, the limit is {MAX_FILES}). Take some away.")
        return made
    read: dict[str, Drawing] = {}
    for file, path in files.items():
        try:
            read[file] = look(file, path)
        except BackendError as error:
            made.problems.append(str(error))
    for file in files:
        layer = str(layer_of(file))
        if layer.startswith("mouths/") or file not in read:
            continue
        if layer in made.layers:
            made.problems.append(f"{file}: is {layer} as {made.layers[layer].file} is. Keep one of the two.")
        made.layers.setdefault(layer, read[file])
    _mouths(made, files, read, scheme)
    present = {str(layer_of(file)) for file in files}
    _layers(made, present)
    _sizes(made)
    return made


def _mouths(made: Folder, files: Mapping[str, Path], read: Mapping[str, Drawing], scheme: str | None) -> None:
    stems: dict[str, str] = {}
    for file in files:
        if not str(layer_of(file)).startswith("mouths/"):
            continue
        stem = Path(file).stem
        if stem in stems:
            made.problems.append(f"{file}: is the mouth that {stems[stem]} is. Keep one of the two.")
        stems.setdefault(stem, file)
    if not stems:
        made.problems.append(
            "mouths/: holds no mouth. Put one PNG or SVG a mouth there, named as docs/how-to/own-drawings.md says."
        )
        return
    chosen = scheme or mouths.scheme_of(stems)
    if chosen is None:
        found = ", ".join(sorted(stems)[:12])
        made.problems.append(
            f"mouths/: no naming scheme is plain from the names ({found}). Name them by Rhubarb (A to H, X), Preston Blair "
            "(AI, E, O, U, etc, L, WQ, MBP, FV, rest) or Oculus (sil, PP, aa ...), or say `mouths:` in the YAML."
        )
        return
    made.set = mouths.mouth_set(stems, chosen)
    made.mouths = {name: read[file] for name, file in made.set.drawn.items() if file in read}
    made.notes += [f"{file}: is no mouth of the {chosen} naming; it is not used." for file in made.set.unknown]
    for first, second in made.set.twice:
        made.problems.append(f"{second}: is the mouth that {first} is. Keep one of the two.")
    for word in made.set.lacking():
        wanted = mouths.CLOSED if word == "closed" else mouths.OPEN
        names = dict.fromkeys(mouths.table(chosen)[viseme][0] for viseme in wanted)
        cure = f"Draw one of them: {', '.join(names)} ({chosen} naming)."
        made.problems.append(f"mouths/: no {word} mouth (found {', '.join(sorted(made.set.drawn)) or 'none'}). {cure}")


def _layers(made: Folder, present: set[str]) -> None:
    """Which layers must be there, and which go together."""
    if not present & {"base", "head"}:
        made.problems.append("base: is missing. Put a base.png or base.svg there: the figure without eyes, brows and mouth.")
    if {"base", "head", "body"} <= present:
        made.problems.append("base: is there beside head and body. Keep either base alone, or head and body.")
    if "eyes-open" not in present:
        lost = [name for name in ("eyes-shut", "eyes-half", "pupils") if name in present]
        if lost:
            made.problems.append(f"{lost[0]}: is there without eyes-open. Draw eyes-open, or take it away.")
        else:
            made.notes.append("eyes-open: is missing; the eyes are taken to be in the figure, and do not blink.")
    elif "eyes-shut" not in present:
        made.notes.append("eyes-shut: is missing; the character does not blink.")


def _sizes(made: Folder) -> None:
    """All layers are of one size; an SVG beside PNGs of one shape."""
    every = made.drawings
    if not every:
        return
    pngs = [drawing for drawing in every if drawing.kind == "png"]
    first = max(pngs or every, key=lambda one: sum(one.size == other.size for other in every))
    for one in every:
        if one.kind == first.kind:
            fits = one.size == first.size
        else:
            fits = abs(one.size[0] / one.size[1] * first.size[1] / first.size[0] - 1) < 0.005
        if not fits:
            found = f"{_size(one)}, {first.file} is {_size(first)}"
            made.problems.append(f"{one.file}: is of another size ({found}). Export every layer with the whole canvas.")


def _size(one: Drawing) -> str:
    return f"{one.size[0]:g}x{one.size[1]:g}"


# --- one file ------------------------------------------------------------------------------------


def look(file: str, path: Path) -> Drawing:
    """What a file is.

    Raises:
        BackendError: it cannot be a layer; the message starts with `file`.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4096)
            whole = path.stat().st_size
    except OSError as error:
        raise BackendError(f"{file}: cannot be read ({error.strerror}). Make it readable.") from None
    if not head:
        raise BackendError(f"{file}: is empty. Export it again.")
    if head.startswith(_KINDS[0][0]):
        return Drawing(file, path, "png", _png(file, path))
    kind = next((name for start, name in _KINDS if head.startswith(start)), None)
    if kind is None and head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        kind = "a WebP"
    if kind:
        raise BackendError(f"{file}: is {kind}. Export it as a PNG with transparency, or as an SVG.")
    if Path(file).suffix.lower() == ".svg" or b"<svg" in head:
        if whole > MAX_SVG:
            raise BackendError(f"{file}: is too large ({whole:,} bytes, the limit is {MAX_SVG:,}). Simplify it, or give a PNG.")
        return Drawing(file, path, "svg", _svg(file, path.read_bytes()))
    raise BackendError(f"{file}: is no picture (its name says {Path(file).suffix}). Give a real PNG or SVG.")


def _png(file: str, path: Path) -> tuple[int, int]:
    """Width and height of a PNG that is whole, has transparency and is of a size that can be used."""
    transparent = False
    size = (0, 0)
    try:
        for name, data in _chunks(path):
            if name == b"IHDR":
                width, height, depth, colour = struct.unpack(">IIBB", data[:10])
                size = width, height
                if not width or not height or width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
                    limit = f"{MAX_SIDE:,} a side and {MAX_PIXELS // 1_000_000} megapixels"
                    raise BackendError(
                        f"{file}: is too large ({width:,}x{height:,} pixels, the limit is {limit}). "
                        "Scale every layer down: 2,000 pixels are more than a video shows."
                    )
                if depth == 16 and colour in (0, 4):
                    raise BackendError(f"{file}: is a grey picture of 16 bits. Export it as RGBA of 8 bits.")
                transparent = colour in (4, 6)
            elif name == b"acTL":
                raise BackendError(f"{file}: is an animated PNG. Export one picture: Talkmill moves the layers itself.")
            elif name == b"tRNS":
                transparent = True
    except (struct.error, EOFError, zlib.error):
        raise BackendError(f"{file}: is a damaged PNG (it ends early, or its checksums are wrong). Export it again.") from None
    if not transparent:
        raise BackendError(f"{file}: has no transparency, so it would cover everything. Export it without its background.")
    return size


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of a PNG's chunks, checked; EOFError or zlib.error where the file is damaged."""
    data = path.read_bytes()
    at = 8
    while True:
        length, name = struct.unpack_from(">I4s", data, at)
        body, end = data[at + 8 : at + 8 + length], at + 12 + length
        if end > len(data):
            raise EOFError
        if zlib.crc32(data[at + 4 : at + 8 + length]) != struct.unpack_from(">I", data, at + 8 + length)[0]:
            raise zlib.error
        yield name, body
        if name == b"IEND":
            return
        at = end


_URL = re.compile(r"url\(([^)]*)\)?|(@import)", re.IGNORECASE)
_EMBEDDED = re.compile(r"data:image/(png|jpeg);base64,", re.IGNORECASE)


def _foreign(value: str) -> bool:
    """Whether a style or an attribute refers to something outside the SVG."""
    return any(rule or not target.strip(" \t\r\n'\"").startswith("#") for target, rule in _URL.findall(value))


def _svg(file: str, data: bytes) -> tuple[float, float]:
    """Width and height of an SVG that is complete in itself."""
    found: dict[str, Any] = {"root": None, "wrong": None}

    def refuse(what: str, cure: str) -> None:
        found["wrong"] = found["wrong"] or f"{what}. {cure}"

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2].lower()
        if found["root"] is None:
            found["root"] = (tag, attributes)
        if tag in ("script", "foreignobject", "iframe", "animate", "animatetransform", "animatemotion", "set"):
            refuse(f"holds <{tag}>", "Save it as a plain SVG: nothing in it may run or move.")
        if tag in ("text", "tspan"):
            refuse("holds text", "Turn the text into paths: fonts differ from machine to machine.")
        for key, value in attributes.items():
            name_, plain = key.rpartition(":")[2].lower(), value.strip()
            if name_.startswith("on"):
                refuse(f"holds a script ({key})", "Save it as a plain SVG: nothing in it may run.")
            elif name_ in ("href", "src") and plain and not plain.startswith("#") and not _EMBEDDED.match(plain):
                if tag != "a":
                    refuse(f"needs another file ({plain[:60]})", "Embed it, or draw it in the SVG itself.")
            elif not key.startswith("xmlns") and _foreign(value):
                refuse(f"needs another file ({value[:60]})", "Draw it in the SVG itself.")

    def text(value: str) -> None:
        if _foreign(value):
            refuse("its style sheet needs another file", "Draw it in the SVG itself.")

    def entity(*_: Any) -> None:
        refuse("declares entities", "Save it as a plain SVG.")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler, parser.EntityDeclHandler = start, text, entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise BackendError(f"{file}: is no SVG that can be read (line {error.lineno}). Export it again.") from None
    if found["root"] is None or found["root"][0] != "svg":
        raise BackendError(f"{file}: is no SVG (it holds something else). Export it as a plain SVG.")
    if found["wrong"]:
        raise BackendError(f"{file}: {found['wrong']}")
    size = _svg_size(found["root"][1])
    if size is None or not all(0 < side < 1e6 for side in size):
        raise BackendError(f"{file}: has neither viewBox nor width and height. Export it with its whole canvas.")
    return size


def _svg_size(attributes: Mapping[str, str]) -> tuple[float, float] | None:
    numbers = re.findall(r"[-+0-9.eE]+", attributes.get("viewBox", ""))
    if len(numbers) != 4:
        numbers = ["0", "0"] + [re.sub(r"(px)?\s*$", "", attributes.get(side, "")) for side in ("width", "height")]
    try:
        return float(numbers[2]), float(numbers[3])
    except ValueError:
        return None


# --- pixels --------------------------------------------------------------------------------------


def canvas(drawings: list[Drawing]) -> tuple[int, int]:
    """Width and height in pixels of the canvas that all layers share."""
    for one in drawings:
        if one.kind == "png":
            return int(one.size[0]), int(one.size[1])
    width, height = drawings[0].size
    scale = SVG_SIDE / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def canvas_units(drawings: list[Drawing]) -> tuple[float, float]:
    """Width and height of the canvas as the one who draws knows it: pixels of the PNGs, else units of the SVGs."""
    return next((one.size for one in drawings if one.kind == "png"), drawings[0].size)


def pixels(one: Drawing, size: tuple[int, int]) -> Any:
    """A layer's pixels at the size of the canvas: straight-alpha sRGB, uint8 (h, w, 4).

    Raises:
        BackendError: it cannot be decoded or drawn.
    """
    import numpy as np
    from PIL import Image, ImageCms

    try:
        if one.kind == "svg":
            import resvg_py

            svg = one.path.read_text(encoding="utf-8-sig")
            data = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size[0], height=size[1], skip_system_fonts=True))
            picture = Image.open(io.BytesIO(data)).convert("RGBA")
            if picture.size != size:  # the proportions differ by less than `_sizes` allows
                picture = picture.resize(size)
        else:
            with Image.open(one.path, formats=("PNG",)) as opened:
                profile = opened.info.get("icc_profile")
                picture = opened.convert("RGBA")
            if profile:
                source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
                if source.profile.xcolor_space.strip() == "RGB":
                    alpha = picture.getchannel("A")
                    picture = ImageCms.profileToProfile(picture.convert("RGB"), source, ImageCms.createProfile("sRGB"))
                    picture.putalpha(alpha)
    except Exception as error:  # Pillow, lcms and resvg raise whatever they find
        raise BackendError(f"{one.file}: cannot be drawn ({str(error)[:120]}). Export it again.") from error
    return np.asarray(picture)
