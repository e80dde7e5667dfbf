"""What is known of a delivered video: its lines with their phonemes, and the faces where they are at rest."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from talkmill.errors import MediaError, StoreError
from talkmill.media.formats import named
from talkmill.model import SAMPLE_RATE, Take
from talkmill.picture.layout import Layout, group
from talkmill.picture.rig import Rig
from talkmill.store import Store
from talkmill.store.objects import ROOT_VARIABLE

Colour = tuple[float, float, float]
"""Y', Cb, Cr in 8-bit video range."""


@dataclass(frozen=True)
class Drawings:
    """The drawings of a mouth, each on its face at rest as it stands in the frame."""

    names: tuple[str, ...]
    visemes: tuple[tuple[str, ...], ...]  # of each drawing: those that it is shown for, by the sheet's naming
    pictures: np.ndarray  # uint8 (drawings, h, w, 3): Y', Cb, Cr
    weight: np.ndarray  # uint8 (h, w): where a mouth may be, 255 is wholly
    corner: tuple[int, int]  # of the pictures in the frame
    heights: tuple[float, ...]  # of each drawing, pixels
    widths: tuple[float, ...]
    step: int  # frames of one drawing: 1, or 2 and more where the mouth is drawn on twos


@dataclass(frozen=True)
class Face:
    """A face for as long as it is seen. Lengths are in pixels of the video's frame, colours as the rig says."""

    character: str
    start: int  # frames from the episode's start
    frames: int
    anchor: tuple[float, float]  # the mouth of the face at rest
    unit: float  # half the width of the closed mouth
    gap: float  # between the lips when the mouth is as wide open as it goes
    reach: float  # how far from the anchor the head takes the mouth
    mouth: Mapping[str, tuple[Colour, ...]]  # "line", "inside", "teeth", "tongue", maybe "lips"
    around: tuple[Colour, ...]  # what else is seen about the mouth
    drawings: Drawings | None = field(default=None, compare=False)  # of a mouth that is not painted

    @property
    def window(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom of where the mouth may be."""
        if self.drawings is not None:
            (left, top), (height, width) = self.drawings.corner, self.drawings.weight.shape
            reach = round(self.reach)
            return left - reach, top - reach, left + width + reach, top + height + reach
        x, y = self.anchor
        side, up, down = 1.75 * self.unit, 0.45 * self.unit + 0.2 * self.gap, 0.6 * self.unit + self.gap
        return (
            round(x - side - self.reach),
            round(y - up - self.reach),
            round(x + side + self.reach),
            round(y + down + self.reach),
        )


@dataclass(frozen=True)
class Filmed:
    """A filmed face for as long as it is seen: where its mouth is (pixels of the video), and the part of the picture in which
    the face stays (x, y, width, height, even)."""

    character: str
    start: int  # frames from the episode's start
    frames: int
    mouth: tuple[float, float]
    area: tuple[int, int, int, int]
    joins: tuple[int, ...] = ()  # frames of the episode at which segments of it begin


@dataclass(frozen=True)
class Line:
    """One utterance: its speaker, its take with its sound (a WAV), and the sample of the episode at which it begins."""

    speaker: str
    start: int
    take: Take
    sound: Path | None = None


@dataclass(frozen=True)
class Subject:
    """A video and what is in it."""

    video: Path
    fps: int
    frames: int
    size: tuple[int, int]
    faces: tuple[Face, ...]
    lines: tuple[Line, ...]
    filmed: tuple[Filmed, ...] = ()  # faces that are photographs or clips


def find(video: Path) -> Subject | None:
    """What the manifest beside `video` and the store say of it; None where there is no manifest.

    Raises:
        MediaError: the manifest is damaged or not this video's.
        StoreError: the store lacks what the manifest names.
    """
    path = video.parent / "manifest.json"
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_bytes())
        shape = next((item["name"] for item in manifest["formats"] if item["file"] == video.name), None)
        render = manifest["stages"]["render"]["makings"][shape]["key"] if shape else ""
        segments = manifest["stages"]["lipsync"]["makings"]
        keys = {name: made["key"] for name, made in segments.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise MediaError(
            f"{path}: cannot be read as a manifest ({type(error).__name__}: {error}). Run snakemake again."
        ) from None
    if shape is None:
        return None
    store = _store(path.resolve(), render)
    made = _record(store, render)
    request, inputs = made["request"], made["inputs"]
    spoken = {name: _record(store, key) for name, key in keys.items()}
    try:
        return _subject(video, request, inputs, spoken, store)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"{store.root}: the record of {video.name} is not one that can be measured ({type(error).__name__}: {error}). "
            "Make the video again."
        ) from None


def _store(manifest: Path, key: str) -> Store:
    """The store behind a manifest: that of TALKMILL_STORE, else of the project it lies in (config.yaml's, else `store`)."""
    tried = []
    for root in manifest.parents:
        named = os.environ.get(ROOT_VARIABLE)
        if named is None and (root / "config.yaml").is_file():
            from talkmill.specs import yaml_file

            value = yaml_file.read(root / "config.yaml", "config.yaml").value
            named = value.get("store") if isinstance(value, dict) else None
        store = Store(root / (named or "store"))
        if store.record(key).is_file():
            return store
        tried.append(store.root)
    raise StoreError(
        f"{manifest.parent}: the store behind this video is not found (no record of it in {tried[min(2, len(tried) - 1)]}). "
        f"Set {ROOT_VARIABLE} to its folder, or run snakemake again."
    )


def _record(store: Store, key: str) -> dict[str, Any]:
    """The request of a making: `request` and `inputs`."""
    try:
        return json.loads(store.record(key).read_bytes())["request"]
    except (OSError, ValueError, KeyError, TypeError):
        raise StoreError(
            f"{store.record(key)}: the record of a making is missing or damaged. Run snakemake again: it makes what is missing."
        ) from None


def _subject(
    video: Path, request: Mapping[str, Any], inputs: Mapping[str, str], spoken: Mapping[str, Mapping[str, Any]], store: Store
) -> Subject:
    fps, size = request["fps"], named(request["format"]).size
    lines = []
    for face in request["faces"]:
        if face["speaks"]:
            said = spoken[face["curves"]]
            start = (face["start"] + said["request"]["lead"]) * (SAMPLE_RATE // fps)
            sound = store.object(said["inputs"]["sound"])
            take = Take.from_json(said["request"]["take"])
            lines.append(Line(face["character"], start, take, sound if sound.is_file() else None))
    figures = request.get("figures", {})
    rigs = {name: _rig(name, inputs, store) for name in request["scenes"] if name not in figures}
    rests: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
    faces: list[Face] = []
    filmed: list[Filmed] = []
    for shot in request["shots"]:
        cast = tuple(shot["cast"])
        if cast[0] in figures:
            scene, boxes = request["scenes"][cast[0]], [figures[one]["box"] for one in cast]
            for one in cast:
                figure = {**figures[one], "boxes": boxes}
                joins = [face["start"] for face in request["faces"] if face["character"] == one]
                _add(filmed, _filmed(one, shot["start"], shot["frames"], size, scene, figure, joins))
            continue
        if cast not in rests:
            layouts = group([rigs[name] for name in cast], size, [request["scenes"][name] for name in cast])
            rests[cast] = {name: _rest(rigs[name], layout, fps) for name, layout in zip(cast, layouts, strict=True)}
        for name, rest in rests[cast].items():
            before = next((index for index in range(len(faces) - 1, -1, -1) if faces[index].character == name), None)
            if before is not None and _goes_on(faces[before], shot["start"], rest):
                faces[before] = replace(faces[before], frames=faces[before].frames + shot["frames"])
            else:
                faces.append(Face(name, shot["start"], shot["frames"], **rest))
    frames = sum(shot["frames"] for shot in request["shots"])
    return Subject(video, fps, frames, size, tuple(faces), tuple(lines), tuple(filmed))


def _add(filmed: list[Filmed], face: Filmed) -> None:
    """Append it, or let the one before go on where it is the same."""
    at = next((index for index in range(len(filmed) - 1, -1, -1) if filmed[index].character == face.character), None)
    last = None if at is None else filmed[at]
    if last and last.start + last.frames == face.start and last.area == face.area:
        filmed[at] = replace(last, frames=last.frames + face.frames, joins=last.joins + face.joins)
    else:
        filmed.append(face)


def _filmed(
    name: str,
    start: int,
    frames: int,
    size: tuple[int, int],
    scene: Mapping[str, Any],
    figure: Mapping[str, Any],
    joins: Sequence[int] = (),
) -> Filmed:
    """A photograph's or a clip's face as it stands in the frame: the mouth is a fifth of the face above the chin."""
    from talkmill.picture.film import place

    cut = place(size, scene, figure)
    left, top, right, bottom = figure["box"]
    x0, x1 = ((x - cut.left) * cut.scale + cut.x for x in (left, right))
    y0, y1 = ((y - cut.top) * cut.scale + cut.y for y in (top, bottom))
    side = 0.35 * (y1 - y0)
    low = (max(0, int(x0 - side) // 2 * 2), max(0, int(y0 - side) // 2 * 2))
    high = (min(size[0], int(x1 + side) // 2 * 2), min(size[1], int(y1 + side) // 2 * 2))
    area = (*low, high[0] - low[0], high[1] - low[1])
    within = tuple(sorted(join for join in joins if start <= join < start + frames))
    return Filmed(name, start, frames, ((x0 + x1) / 2, y1 - 0.2 * (y1 - y0)), area, within)


def _goes_on(face: Face, start: int, rest: Mapping[str, Any]) -> bool:
    return face.start + face.frames == start and face.anchor == rest["anchor"] and face.unit == rest["unit"]


def _rig(name: str, inputs: Mapping[str, str], store: Store) -> Rig:
    prefix = f"layer:{name}:"
    layers = {role.removeprefix(prefix): store.object(made) for role, made in inputs.items() if role.startswith(prefix)}
    return Rig.load(store.object(inputs[f"rig:{name}"]), layers)


def _rest(rig: Rig, layout: Layout, fps: int) -> dict[str, Any]:
    """Where the mouth of a character is at rest, how large it is, and the colours in it and about it."""
    from talkmill.measure.colours import palette
    from talkmill.measure.sketch import drawings_of

    if "shapes" in rig.mouth:
        return drawings_of(rig, layout, fps)
    x, y = rig.face["mouth"]
    mouth, around = palette(rig)
    return {
        "anchor": (x * layout.scale + layout.x, y * layout.scale + layout.y),
        "unit": rig.mouth["half_width"] * layout.scale,
        "gap": rig.mouth["gap"] * layout.scale,
        "reach": 0.075 * (rig.face["chin"] - rig.face["skull"]) * layout.scale,
        "mouth": mouth,
        "around": around,
    }
