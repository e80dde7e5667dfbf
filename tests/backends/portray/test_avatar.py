"""The avatar backend: rigs, their choices and their errors."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from talkmill.backends import load
from talkmill.backends.portray import avatar
from talkmill.backends.portray.avatar import SIDE, STYLES, Avatar, check_options, traits
from talkmill.errors import RequestError

ROOT = Path(__file__).resolve().parents[3]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_portrait_is_the_same_in_a_fresh_process(style: str, tmp_path: Path) -> None:
    """Every file of the rig has the same bytes."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    request = {"style": style, "seed": "same", "traits": {}}
    Avatar().run(request, {}, here)
    code = (
        "from pathlib import Path; from talkmill.backends.portray.avatar import Avatar\n"
        f"Avatar().run({request!r}, {{}}, Path({str(there)!r}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    assert digests(here) == digests(there)


@pytest.mark.parametrize("style", ["critters", "avataaars", "notionists"])
def test_a_layer_on_a_small_canvas_is_what_the_whole_canvas_shows(
    style: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: drawing no more of the canvas than is needed changes no place and no size; edges may differ by one sample of 16."""
    small, whole = tmp_path / "small", tmp_path / "whole"
    small.mkdir()
    whole.mkdir()
    Avatar().run({"style": style, "seed": "b"}, {}, small)
    raster = avatar._raster
    monkeypatch.setattr(avatar, "_raster", lambda svg, width, height, step=1: raster(svg, SIDE, SIDE, step))
    Avatar().run({"style": style, "seed": "b"}, {}, whole)
    assert (small / "rig.json").read_bytes() == (whole / "rig.json").read_bytes()
    for path in whole.glob("*.png"):
        with Image.open(path) as first, Image.open(small / path.name) as second:
            difference = np.abs(np.asarray(first, np.int16) - np.asarray(second, np.int16))
        assert difference.max() <= 17, path.name
        assert np.count_nonzero(difference.max(axis=2) > 2) < 200, path.name


@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_rig_tells_where_the_face_is(style: str, tmp_path: Path) -> None:
    """Layers are files of the size their boxes say; eyes, mouth, chin and pivot lie in that order from top to bottom."""
    result = Avatar().run({"style": style, "seed": "x", "traits": {}}, {}, tmp_path)
    rig = json.loads(result.files["rig"].read_text())
    parts = [layer["part"] for layer in rig["layers"]]
    assert {"body", "head", "mouth", "shut"} <= set(parts)
    assert "dots" in parts or {"white", "pupils"} <= set(parts)
    for layer in rig["layers"]:
        if layer["part"] != "mouth":
            with Image.open(result.files[layer["name"]]) as image:
                assert image.mode == "RGBA"
                assert list(image.size) == layer["box"][2:]
    face = rig["face"]
    heights = [face["top"], face["eyes"][0][1], face["mouth"][1], face["chin"], face["pivot"][1]]
    assert heights == sorted(heights)
    assert result.facts["size"] == rig["size"]
    assert set(result.facts["licence"]) == {"name", "url", "creator", "source"}


def test_traits_stand_over_the_seed(tmp_path: Path) -> None:
    """A colour and a variant that are given are drawn, whatever the seed; `none` takes away what is optional."""
    given = {"skinColor": "#112233", "top": "none", "facialHair": "none", "accessories": "none"}
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        result = Avatar().run({"style": "avataaars", "seed": seed, "traits": given}, {}, folder)
        assert not {"hair", "facial-hair", "accessories"} & set(result.files)
        with Image.open(result.files["head"]) as head:
            assert head.getpixel((head.width // 2, head.height // 2)) == (0x11, 0x22, 0x33, 255)


def test_lips_are_painted_where_they_are_asked_for(tmp_path: Path) -> None:
    """`lipsColor` reaches the rig; without it the mouth is a line."""
    for value, found in (("#C04050", "#c04050"), (None, None)):
        folder = tmp_path / str(value)
        folder.mkdir()
        given = {"lipsColor": value} if value else {}
        result = Avatar().run({"style": "personas", "seed": "1", "traits": given}, {}, folder)
        assert json.loads(result.files["rig"].read_text())["mouth"]["lips"] == found


def test_the_seed_never_chooses_a_face_that_cannot_act() -> None:
    """Hearts, winks, crosses for eyes and frowns are not among the values at all, and no mouth is."""
    assert not {"hearts", "wink", "xDizzy", "cry"} & set(traits("avataaars")["eyes"])
    assert not {"angry", "sadConcerned"} & set(traits("avataaars")["eyebrows"])
    assert all("mouth" not in traits(style) for style in STYLES)


def test_an_unknown_style_is_met_with_those_that_can_talk(tmp_path: Path) -> None:
    """The error names the nearest and all others."""
    with pytest.raises(RequestError, match=r"'avataars'.*Did you mean 'avataaars'\?.*toon-head"):
        Avatar().run({"style": "avataars", "seed": "1", "traits": {}}, {}, tmp_path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"skinColour": "#112233"}, r"no trait of that name \('skinColour'\)\. Did you mean 'skinColor'\?"),
        ({"hair": "sideCombed"}, r"no hair of that name \('sideCombed'\)\. Did you mean 'sideComed'\?"),
        ({"skinColor": "brown"}, r"skinColor is not a colour \('brown'\)\. Write it as #RRGGBB"),
        ({"eyes": "wink"}, r"no eyes of that name \('wink'\)\..*happy, wide"),
        ({"hair": []}, "hair is an empty list"),
        ({"hair": 3}, r"no hair of that name \('3'\)"),
        ({"mouth": "smile"}, r"no trait of that name \('mouth'\)"),
    ],
)
def test_a_wrong_trait_is_told_with_what_there_is(given: dict[str, object], said: str, tmp_path: Path) -> None:
    """Each problem says what was found and what to write instead; run and check say the same."""
    import re

    problems = check_options("toon-head", given)
    assert len(problems) == 1
    assert re.search(said, problems[0]), problems
    with pytest.raises(RequestError, match=said):
        Avatar().run({"style": "toon-head", "seed": "1", "traits": given}, {}, tmp_path)


def test_all_problems_are_told_at_once() -> None:
    """Two wrong traits are two problems, a right one is none."""
    assert len(check_options("personas", {"hat": "x", "skinColor": "red", "hair": "long"})) == 2
    assert check_options("personas", {"hair": ["long", "bald"], "facialHair": "none", "skinColor": "#AABBCC"}) == []


def test_loading_the_backend_is_cheap() -> None:
    """Planning reads styles and traits without dicebear, resvg, Pillow or cv2."""
    code = (
        "import sys; from talkmill.backends.portray.avatar import STYLES, traits, check_options\n"
        "assert len(STYLES) >= 3; traits('avataaars'); check_options('personas', {'hair': 'long'})\n"
        "heavy = {'cv2', 'numpy', 'dicebear', 'resvg_py', 'PIL'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    assert load("portray", "avatar").name == "avatar"
