"""A folder of drawings becomes a rig that the compositor can move."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from talkmill.backends.portray import drawings, sheet
from talkmill.backends.portray.sheet import Sheet
from talkmill.errors import RequestError
from talkmill.picture import shapes
from talkmill.picture.compositor import Studio
from talkmill.picture.idle import Idle
from talkmill.picture.rig import Rig
from tests.backends.portray import drawn
from tests.picture.conftest import scene

ROOT = Path(__file__).parents[3]
STILL = Idle(0, 0, 0, 0, 0, 0, 0)


def made(folder: Path, out: Path, **request: Any) -> tuple[Rig, dict[str, Any]]:
    out.mkdir(parents=True, exist_ok=True)
    files = Sheet().run(request, drawings.find(folder), out).files
    layers = {name: path for name, path in files.items() if name != "rig"}
    return Rig.load(files["rig"], layers), json.loads(files["rig"].read_text())


def studio(rig: Rig, curves: dict[str, list[float]], frames: int, size: tuple[int, int] = (540, 960)) -> Studio:
    shots = [{"character": "c", "start": 0, "frames": frames}]
    return Studio(size, 30, shots, {"c": scene()}, {"c": rig}, [{"fps": 30, "frames": frames, "curves": curves}], 1)


@pytest.fixture(scope="module")
def one_piece(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn.sheet(tmp_path_factory.mktemp("sheet") / "one")


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn.sheet(tmp_path_factory.mktemp("sheet") / "parts", parts=True)


@pytest.mark.parametrize("kind", ["one_piece", "parted"])
def test_the_face_is_found_from_the_layers(kind: str, request: pytest.FixtureRequest) -> None:
    """Eyes and mouth in their middles, chin and neck near where they were drawn, the figure cut by the canvas."""
    _, found = sheet.read(drawings.find(request.getfixturevalue(kind)), {})
    face = found.face
    assert np.abs(np.array(face.eyes) - drawn.EYES).max() <= 1
    assert np.abs(np.array(face.mouth) - drawn.MOUTH).max() <= 1
    assert face.top == 30
    assert abs(face.chin - drawn.CHIN) <= 12
    assert abs(face.neck[1] - drawn.NECK) <= 14
    assert face.cut


def test_what_the_user_says_stands_over_what_is_found(one_piece: Path) -> None:
    """Every anchor, and the report says that it was given."""
    anchors = {"top": 20, "chin": 205, "eyes": [[80, 100], [150, 100]], "mouth": [118, 168], "neck": [121, 230]}
    _, found = sheet.read(drawings.find(one_piece), {"anchors": anchors})
    face = found.face
    assert (face.top, face.chin, face.mouth, face.neck) == (20, 205, (118, 168), (121, 230))
    assert face.eyes == [(80, 100), (150, 100)]
    assert set(face.found.values()) == {"given"}


@pytest.mark.parametrize(
    ("anchors", "told"),
    [
        (
            {"mouth": [300, 100]},
            "anchors.mouth: lies outside the canvas (the canvas is 240x320). Count from its upper left corner.",
        ),
        ({"mouth": [120, 60]}, "the face is not found: the mouth (y 60) is not below the eyes (y 110). Say where it is"),
        ({"chin": 150}, "the face is not found: top, eyes, mouth and chin are not in this order from above"),
    ],
)
def test_anchors_that_cannot_be_are_refused(one_piece: Path, tmp_path: Path, anchors: dict[str, Any], told: str) -> None:
    """One line, before anything is drawn."""
    with pytest.raises(RequestError) as caught:
        made(one_piece, tmp_path, anchors=anchors)
    assert str(caught.value).startswith(f"portrait: {told}")


def test_a_transparent_layer_is_refused(tmp_path: Path) -> None:
    """A base on which nothing is drawn, and a mouth, each in a line."""
    folder = drawn.sheet(tmp_path / "pip")
    for file in ("base.png", "mouths/C.png"):
        Image.new("RGBA", drawn.SIZE).save(folder / file)
    with pytest.raises(RequestError) as caught:
        made(folder, tmp_path / "out")
    assert str(caught.value).splitlines() == [
        "portrait: base.png: is transparent everywhere. Draw something on it, or take it away.",
        "mouths/C.png: is transparent everywhere. Draw something on it, or take it away.",
    ]


@pytest.mark.parametrize("kind", ["one_piece", "parted"])
def test_the_drawing_reaches_the_frame_as_it_was_drawn(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A rig of a small sheet keeps its pixels: its layers laid over each other are the drawings laid over each other."""
    folder = request.getfixturevalue(kind)
    rig, _ = made(folder, tmp_path)
    canvas = Image.new("RGBA", rig.size)
    for layer in rig.layers:
        if layer.part in ("body", "head", "eyes", "pupils"):
            canvas.alpha_composite(Image.open(layer.path), layer.box[:2])
    shift = (rig.size[0] - drawn.SIZE[0]) // 2
    found = np.asarray(canvas.crop((shift, 0, shift + drawn.SIZE[0], drawn.SIZE[1]))).astype(int)
    wanted = Image.new("RGBA", drawn.SIZE)
    for name in ("base", "body", "head", "eyes-open", "pupils"):
        if (folder / f"{name}.png").exists():
            wanted.alpha_composite(Image.open(folder / f"{name}.png"))
    assert np.abs(found - np.asarray(wanted)).max() <= 2


def test_a_large_sheet_is_scaled_with_its_alpha_multiplied_in(tmp_path: Path) -> None:
    """What is hidden under transparent pixels does not bleed into the edges, and the face is no higher than it need be."""
    folder = tmp_path / "big"
    size = tuple(7 * side for side in drawn.SIZE)

    def enlarge(path: Path) -> None:
        image = Image.open(path).resize(size, Image.Resampling.NEAREST)
        pixels = np.array(image)
        pixels[pixels[..., 3] == 0, :3] = (0, 255, 0)  # a colour nobody shall see
        Image.fromarray(pixels).save(path)

    drawn.sheet(folder)
    for path in drawings.find(folder).values():
        enlarge(path)
    rig, data = made(folder, tmp_path / "out")
    assert data["face"]["chin"] - data["face"]["skull"] == pytest.approx(sheet.FACE_HEIGHT, rel=0.01)
    assert max(rig.size) <= sheet.MAX_CANVAS
    for layer in rig.layers:
        if layer.part == "shape":
            pixels = np.asarray(Image.open(layer.path)).astype(int)
            edge = pixels[(pixels[..., 3] > 8) & (pixels[..., 3] < 250)]
            assert (edge[:, 1] < 80).all()


@pytest.mark.parametrize("kind", ["one_piece", "parted"])
def test_the_mouth_in_the_frame_is_the_one_that_was_chosen(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shut, open, shut: the frames differ at the mouth only, and shut is shut again."""
    monkeypatch.setattr("talkmill.picture.stage.idle", lambda *_: STILL)
    rig, _ = made(request.getfixturevalue(kind), tmp_path)
    show = studio(rig, {"open": [0.0] * 4 + [0.9] * 4 + [0.0] * 4, "teeth": [0.5] * 12}, 12)
    height = show.size[1]
    frames = [frame[:height].astype(int) for frame in show.frames()]
    rows, columns = np.nonzero(np.abs(frames[0] - frames[6]) > 2)
    puppet = show.stage("c").puppet
    x, y, width, tall = puppet.mouth.box
    left, top = puppet.mouth_at[0] + x, puppet.mouth_at[1] + y
    assert len(rows) > 100
    assert left - 2 <= columns.min() <= columns.max() <= left + width + 2
    assert top - 2 <= rows.min() <= rows.max() <= top + tall + 2
    assert np.array_equal(frames[0], frames[11])


def test_a_blink_changes_the_eyes_and_pupils_look_about_within_them(
    parted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blink shows the shut eyes without the pupils; a far look keeps the dark inside the white."""
    monkeypatch.setattr("talkmill.picture.stage.idle", lambda *_: STILL)
    rig, _ = made(parted, tmp_path)
    show = studio(rig, {"blink": [0, 1, 0, 0], "gaze_x": [0, 0, 1, -1]}, 4)
    height = show.size[1]
    frames = [frame[:height].astype(float) for frame in show.frames()]
    puppet = show.stage("c").puppet
    x, y = (round(value) for value in puppet.at(rig.face["eyes"][0]))
    reach = round(0.12 * puppet.face)
    views = [frame[y - reach : y + reach, x - reach : x + reach] for frame in frames]
    bright = [(view > 200).sum() for view in views]
    assert bright[1] == 0 < min(bright[0], bright[2], bright[3])
    dark = [np.nonzero(view < 40)[1].mean() for view in (views[0], views[2], views[3])]
    assert dark[2] < dark[0] - 0.5 < dark[0] + 0.5 < dark[1]


def test_a_head_of_its_own_moves_more_than_a_figure_in_one_piece(one_piece: Path, parted: Path, tmp_path: Path) -> None:
    """A tilt moves the ear of a head that is a layer at least twice as far, and no gap opens at the neck of either."""
    moves = []
    for index, folder in enumerate((one_piece, parted)):
        rig, _ = made(folder, tmp_path / str(index))
        puppet = studio(rig, {}, 1).stage("c").puppet
        pose = puppet.pose({"tilt": 1.0, "nod": 1.0}, STILL)
        ear = np.array([*puppet.at((rig.face["centre"][0] + 60, rig.face["top"])), 1.0])
        moves.append(np.linalg.norm(pose.head @ ear - ear[:2]))
        frames = list(studio(rig, {"tilt": [0, 1, -1], "nod": [0, 1, -1]}, 3).frames())
        x, y = (round(value) for value in puppet.at((rig.face["pivot"][0], rig.face["pivot"][1])))
        ground = frames[0][5, 5]
        assert all((np.abs(frame[y - 12 : y + 30, x - 8 : x + 8].astype(int) - ground) > 8).all() for frame in frames)
    assert moves[1] > 2 * moves[0] > 0


@pytest.mark.parametrize("twos", [False, True])
def test_every_closure_of_a_spoken_line_is_shown(one_piece: Path, tmp_path: Path, twos: bool) -> None:
    """Of real curves: in the middle of each p, b and m the drawn mouth is the closed one."""
    from talkmill.backends.lipsync.articulation import phones_of
    from talkmill.backends.lipsync.mouth import closures, mouth_curves
    from talkmill.backends.lipsync.sound import measure

    rig, _ = made(one_piece, tmp_path, twos=twos)
    symbols = re.findall(r"\S+", "p ɪ p m eɪ k s m ə m b ʌ m p aɪ z ə b aʊ t p iː p əl")
    step = 4800
    spoken = [(symbol, 9600 + index * step, 9600 + (index + 1) * step) for index, symbol in enumerate(symbols)]
    frames = 30 * (19200 + len(symbols) * step) // 48000
    noise = np.random.default_rng(1).normal(0, 0.1, len(symbols) * step)
    sound = measure(noise.astype(np.float32), 9600, 30, frames)
    phones = phones_of(spoken, frames * 1600)
    curves = {name: values.tolist() for name, values in mouth_curves(phones, sound, 1.0).items()}
    found = shapes.choose(curves, frames, 30, rig.mouth)
    holds = closures(phones, sound)
    nearest = [int(np.argmin(np.abs(sound.middles - (start + end) / 2))) for start, end in holds]
    assert len(nearest) == sum(symbol in "pbm" for symbol in symbols) == 11
    assert [found[frame] for frame in nearest] == ["mouth-A"] * 11


def test_a_sheet_gives_the_same_bytes_in_another_process(one_piece: Path, tmp_path: Path) -> None:
    """Rig and layers, byte for byte."""
    made(one_piece, tmp_path / "here")
    code = (
        "import sys; from pathlib import Path; from talkmill.backends.portray import drawings; "
        "from talkmill.backends.portray.sheet import Sheet; out = Path(sys.argv[2]); out.mkdir(); "
        "Sheet().run({}, drawings.find(Path(sys.argv[1])), out)"
    )
    there = tmp_path / "there"
    subprocess.run([sys.executable, "-c", code, str(one_piece), str(there)], check=True, cwd=ROOT)
    digests = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / name).iterdir()}
        for name in ("here", "there")
    ]
    assert digests[0] == digests[1]
    assert len(digests[0]) == 8


def test_pip_is_a_whole_sheet() -> None:
    """The project's own character: nine mouths, nothing missing, nothing standing in, nothing to note."""
    folder, found = sheet.read(drawings.find(ROOT / "characters/pip"), {})
    assert folder.problems == folder.notes == []
    assert len(folder.set.drawn) == 9
    assert folder.set.missing() == []
    assert folder.set.standing_in == {}
    assert found.face.cut
