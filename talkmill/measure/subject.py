"""What is known of a delivered video: its lines with their phonemes, and the faces where they are at rest."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkmill.errors import MediaError, StoreError
from talkmill.model import SAMPLE_RATE, Take
from talkmill.store import Store
from talkmill.store.objects import ROOT_VARIABLE

Colour = tuple[float, float, float]
"""Y', Cb, Cr in 8-bit video range."""


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

    @property
    def window(self) -> tuple[int, int, int, int]:
        """left, top, right, bottom of where the mouth may be."""
        x, y = self.anchor
        side, up, down = 1.75 * self.unit, 0.45 * self.unit + 0.2 * self.gap, 0.6 * self.unit + self.gap
        return (
            round(x - side - self.reach),
            round(y - up - self.reach),
            round(x + side + self.reach),
            round(y + down + self.reach),
        )


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
    from talkmill.media.formats import named

    fps, size = request["fps"], named(request["format"]).size
    lines = []
    for index, shot in enumerate(request["shots"]):
        said = spoken[str(index)]["request"]
        start = (shot["start"] + said["lead"]) * (SAMPLE_RATE // fps)
        sound = store.object(spoken[str(index)]["inputs"]["sound"])
        lines.append(Line(shot["character"], start, Take.from_json(said["take"]), sound if sound.is_file() else None))
    rigs = {name: _rest(name, size, request["scenes"][name], inputs, store) for name in request["scenes"]}
    faces = []
    for shot in request["shots"]:
        before = faces[-1] if faces else None
        if before and before.character == shot["character"] and before.start + before.frames == shot["start"]:
            faces[-1] = Face(**{**vars(before), "frames": before.frames + shot["frames"]})
        else:
            faces.append(Face(shot["character"], shot["start"], shot["frames"], **rigs[shot["character"]]))
    frames = sum(shot["frames"] for shot in request["shots"])
    return Subject(video, fps, frames, size, tuple(faces), tuple(lines))


def _rest(
    name: str, size: tuple[int, int], scene: Mapping[str, Any], inputs: Mapping[str, str], store: Store
) -> dict[str, Any]:
    """Where the mouth of a character is at rest, how large it is, and the colours in it and about it."""
    from talkmill.measure.colours import palette
    from talkmill.picture.layout import place
    from talkmill.picture.rig import Rig

    prefix = f"layer:{name}:"
    layers = {role.removeprefix(prefix): store.object(made) for role, made in inputs.items() if role.startswith(prefix)}
    rig = Rig.load(store.object(inputs[f"rig:{name}"]), layers)
    layout = place(rig, size, scene)
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
