"""Rigs and studios for the tests of the picture: small frames, so that they are quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from talkmill.backends.portray.avatar import Avatar
from talkmill.picture.compositor import Studio
from talkmill.picture.rig import Rig

STYLES = {
    "avataaars": {"facialHair": "none", "accessories": "none", "top": "shortFlat"},
    "bottts": {"eyes": "roundFrame01", "top": "antenna", "texture": "none"},
    "critters": {"body": "dome", "eyes": "round"},
    "micah": {"hair": "fonze", "glasses": "none", "facialHair": "none"},
    "notionists": {"hair": "variant05", "glasses": "none"},
    "personas": {"facialHair": "none"},
    "toon-head": {"beard": "none"},
}
SIZE = (540, 960)


@pytest.fixture(scope="session")
def rigs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rig]:
    made = {}
    for style, traits in STYLES.items():
        files = Avatar().run({"style": style, "seed": "test", "traits": traits}, {}, tmp_path_factory.mktemp(style)).files
        made[style] = Rig.load(files["rig"], {name: path for name, path in files.items() if name != "rig"})
    return made


def scene(**changes: Any) -> dict[str, Any]:
    """A resolved scene, as the specs give it."""
    captions = {"show": True, "font": None, "size": 68, "colour": "#FFFFFF", "position": 0.64, "box": None}
    made = {
        "background": {"colour": "#3050A0", "gradient": None, "image": None, "accent": None},
        "framing": "bust",
        "headroom": 0.16,
        "name": "Test",
        "name_line": {"show": False, "role": None, "colour": "#FFFFFF", "box": "#101020"},
        "captions": captions,
    }
    return made | changes


Make = Callable[..., Studio]


@pytest.fixture
def studio(rigs: dict[str, Rig]) -> Make:
    def make(style: str, poses: list[Mapping[str, float]], size: tuple[int, int] = SIZE, **changes: Any) -> Studio:
        names = {name for pose in poses for name in pose}
        curves = {name: [pose.get(name, 0.0) for pose in poses] for name in names}
        shots = [{"character": "c", "start": 0, "frames": len(poses)}]
        made = [{"fps": 30, "frames": len(poses), "curves": curves}]
        return Studio(size, 30, shots, {"c": scene(**changes)}, {"c": rigs[style]}, made, 1)

    return make
