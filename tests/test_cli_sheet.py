"""`talkmill sheet`: what a folder of drawings holds, and a picture of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from talkmill.cli import main
from tests.backends.portray import drawn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return drawn.sheet(tmp_path / "characters/pip")


def test_the_report_says_what_is_there_and_what_stands_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Canvas, layers, mouths, the missing ones, who stands in for what, where the face is."""
    drawn.picture(folder / "hat.png", drawn.head)
    assert main(["sheet", str(folder)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:6] == [
        "canvas: 240x320 (PNG), drawn at 240x320 pixels",
        "layers: base, eyes-open, eyes-shut",
        "not there, and not needed: back, front, eyes-half, pupils, brows",
        "head: is not a layer of its own, so the figure moves as a whole and less",
        "mouths: A, C, D (rhubarb naming)",
        "mouths that are missing: X, G, B, H, E, F",
    ]
    assert "stands in: A for rest, f v" in told
    assert "face: eyes at (86, 110) and (156, 110) (the middles of eyes-open)" in told
    assert "note: hat.png: is no layer by its name; it is not used." in told


def test_everything_wrong_is_told_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, a line each."""
    (folder / "base.png").write_text("no picture")
    (folder / "mouths/A.png").unlink()
    assert main(["sheet", str(folder), "--mouths", "rhubarb"]) == 2
    wrong = [line for line in capsys.readouterr().out.splitlines() if line.startswith("wrong: ")]
    assert wrong == [
        "wrong: base.png: is no picture (its name says .png). Give a real PNG or SVG.",
        "wrong: mouths/: no closed mouth (found C, D). Draw one of them: A, X (rhubarb naming).",
    ]


def test_the_characters_own_anchors_hold(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`characters/pip.yaml` beside the folder says where the mouth is."""
    text = "portrait: {backend: sheet, folder: characters/pip, anchors: {mouth: [121, 171]}}\n"
    folder.with_name("pip.yaml").write_text(text)
    assert main(["sheet", str(folder)]) == 0
    assert "face: mouth at (121, 171) (given)" in capsys.readouterr().out


def test_the_picture_shows_every_mouth_on_the_face(folder: Path, tmp_path: Path) -> None:
    """One field for the whole figure, each mouth and the shut eyes; no two are alike."""
    out = tmp_path / "contact.png"
    assert main(["sheet", str(folder), "--picture", str(out)]) == 0
    with Image.open(out) as sheet:
        assert sheet.size == (4 * 360, 2 * 396)
        fields = [sheet.crop((x, y, x + 360, y + 356)).tobytes() for y in (0, 396) for x in range(0, 1440, 360)]
    assert len(set(fields[:5])) == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere: is no folder. Name the folder that the layers are in."),
        (["characters/pip", "--picture", "x.jpg"], "x.jpg: is no name of a PNG. End it in .png."),
        (["characters/pip", "--picture", "no/such/x.png"], "no/such/x.png: cannot be written (No such file or directory)."),
    ],
)
def test_a_wrong_command_is_told_in_one_line(
    folder: Path, arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and what to do."""
    monkeypatch.chdir(folder.parents[1])
    assert main(["sheet", *arguments]) == 2
    assert told in capsys.readouterr().err
