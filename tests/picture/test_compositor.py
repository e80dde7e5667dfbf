"""Frames: what moves, what does not, and that it is always the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from talkmill.errors import MediaError, RequestError
from talkmill.picture.compositor import SIZES, Studio
from talkmill.picture.idle import Idle
from talkmill.picture.layout import place
from talkmill.picture.rig import Rig
from tests.picture.conftest import SIZE, Make, scene

STYLES = ("avataaars", "bottts", "critters", "micah", "notionists", "personas", "toon-head")
STILL = Idle(0, 0, 0, 0, 0, 0, 0)


@pytest.fixture
def without_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talkmill.picture.stage.idle", lambda *_: STILL)


def changed(made: Studio, style_face: tuple[float, float], a: int, b: int) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the luma that differs between two frames, in face heights from `style_face`."""
    height = made.size[1]
    frames = list(made.frames())
    rows, columns = np.nonzero(np.abs(frames[a][:height].astype(int) - frames[b][:height]) > 2)
    assert len(rows), "nothing changed"
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.usefixtures("without_idle")
@pytest.mark.parametrize("style", STYLES)
def test_a_blink_changes_the_eyes_and_nothing_else(studio: Make, style: str) -> None:
    """The changed box lies around the eyes, and is no larger than both of them."""
    made = studio(style, [{}, {"blink": 0.5}, {"blink": 1.0}])
    puppet = made.stage("c").puppet
    (left_x, eye_y), (right_x, _) = (puppet.at(eye) for eye in puppet.rig.face["eyes"])
    reach = 0.17 * puppet.face
    for frame in (1, 2):
        left, top, right, bottom = changed(made, (0, 0), 0, frame)
        assert left_x - reach < left < right < right_x + reach
        assert eye_y - reach < top < bottom < eye_y + reach


@pytest.mark.usefixtures("without_idle")
@pytest.mark.parametrize("style", STYLES)
def test_a_shut_eye_is_not_an_open_one(studio: Make, style: str) -> None:
    """Less than half of the eye's height is left of what stands out from the skin in its middle column."""
    made = studio(style, [{}, {"blink": 1.0}])
    puppet = made.stage("c").puppet
    x, y = (round(value) for value in puppet.at(puppet.rig.face["eyes"][0]))
    tall = round(0.12 * puppet.face)
    strips = [frame[y - tall : y + tall, x - 1 : x + 2].astype(int) for frame in made.frames()]
    skin = np.median(strips[1])
    open_rows, shut_rows = ((np.abs(strip - skin).max(axis=1) > 20).sum() for strip in strips)
    assert 0 < shut_rows < 0.6 * open_rows


@pytest.mark.usefixtures("without_idle")
@pytest.mark.parametrize("style", STYLES)
def test_gaze_moves_the_pupils_to_where_it_says(studio: Make, style: str) -> None:
    """The dark of the left eye moves to the viewer's right with gaze_x, and up with gaze_y."""
    made = studio(style, [{}, {"gaze_x": 1.0}, {"gaze_x": -1.0}, {"gaze_y": 1.0}])
    puppet = made.stage("c").puppet
    x, y = (round(value) for value in puppet.at(puppet.rig.face["eyes"][0]))
    reach = round(0.07 * puppet.face)

    def dark(frame: np.ndarray) -> tuple[float, float]:
        window = frame[y - reach : y + reach, x - reach : x + reach].astype(float)
        weight = np.clip(np.percentile(window, 40) - window, 0, None) + np.clip(70 - window, 0, None)
        rows, columns = np.mgrid[: window.shape[0], : window.shape[1]]
        return float((weight * columns).sum() / weight.sum()), float((weight * rows).sum() / weight.sum())

    rest, right, left, up = (dark(frame) for frame in made.frames())
    assert right[0] > rest[0] + 0.3
    assert left[0] < rest[0] - 0.3
    assert up[1] < rest[1] - 0.3


@pytest.mark.usefixtures("without_idle")
def test_brows_rise_and_fall(studio: Make) -> None:
    """With the brow raised the changed box begins above the brows, with it lowered not."""
    made = studio("toon-head", [{}, {"brow": 1.0}, {"brow": -1.0}])
    raised, lowered = changed(made, (0, 0), 0, 1), changed(made, (0, 0), 0, 2)
    assert raised[1] < lowered[1]
    assert raised[3] < lowered[3]


@pytest.mark.parametrize("style", STYLES)
def test_what_does_not_move_stays_the_same_to_the_bit(studio: Make, style: str) -> None:
    """In a lively second, everything to the sides and below the seam is identical in every frame."""
    poses = [{"nod": (-1) ** i, "tilt": (-1) ** (i // 2), "turn": 1.0, "open": i / 10} for i in range(10)]
    made = studio(style, poses)
    stage = made.stage("c")
    face, height = stage.puppet.face, SIZE[1]
    low = round(max(stage.seam, stage.puppet.still.box[3] + 0.12 * face))
    frames = list(made.frames())
    for frame in frames[1:]:
        assert np.array_equal(frame[low:height], frames[0][low:height])
        assert np.array_equal(frame[: round(0.03 * height)], frames[0][: round(0.03 * height)])


@pytest.mark.parametrize("style", STYLES)
def test_the_body_has_no_seam(studio: Make, style: str) -> None:
    """Across the row where the breathing body meets the still one, luma changes no more than it does a few rows away."""
    made = studio(style, [{"tilt": 1.0}] * 60, background={"colour": "#3050A0"})
    stage = made.stage("c")
    frame = list(made.frames())[-1]
    rows = frame[: SIZE[1]].astype(int)
    steps = np.abs(np.diff(rows, axis=0)).max(axis=1)
    around = steps[stage.seam - 30 : stage.seam + 30]
    assert steps[stage.seam - 2 : stage.seam + 2].max() <= np.percentile(around, 95) + 6


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("shape", SIZES)
def test_the_face_lies_above_the_captions(rigs: dict[str, Rig], style: str, shape: str) -> None:
    """At the default settings the chin is above two lines of captions, and the head keeps clear of the frame's top."""
    width, height = SIZES[shape]
    layout = place(rigs[style], (width, height), scene())
    face = rigs[style].face
    chin, top = (face[name] * layout.scale + layout.y for name in ("chin", "top"))
    assert chin < 0.64 * height - 2.4 * 68 * min(width, height) / 1080
    assert top > 0.05 * height
    assert chin - top > 0.2 * height


@pytest.mark.parametrize("style", STYLES)
def test_headroom_is_as_set(rigs: dict[str, Rig], style: str) -> None:
    """A small figure stands with its hair exactly under the headroom asked for."""
    for headroom in (0.1, 0.2):
        layout = place(rigs[style], (1080, 1920), scene(framing="wide", headroom=headroom))
        assert rigs[style].face["top"] * layout.scale + layout.y == pytest.approx(headroom * 1920, abs=2)


@pytest.mark.parametrize("style", STYLES)
def test_the_body_reaches_the_bottom_of_the_frame(studio: Make, style: str) -> None:
    """The last row shows the figure in its middle, in every framing."""
    for framing in ("close", "bust", "wide"):
        made = studio(style, [{}], framing=framing)
        row = made.still(0)[-1].astype(int)
        assert np.abs(row[SIZE[0] // 2] - row[2]).max() > 20 or made.stage("c").puppet.body.image.shape[1] > SIZE[0]


def test_shots_cut_hard_and_idle_motion_goes_on(rigs: dict[str, Rig]) -> None:
    """Two characters take turns; a character's frame depends on the absolute time, not on the shot."""
    shots = [
        {"character": "a", "start": 0, "frames": 2},
        {"character": "b", "start": 2, "frames": 2},
        {"character": "a", "start": 4, "frames": 2},
    ]
    scenes = {"a": scene(), "b": scene(background={"colour": "#A03020"})}
    cast = {"a": rigs["toon-head"], "b": rigs["personas"]}
    curves = [{"fps": 30, "frames": 2, "curves": {"open": [0, 0]}}] * 3
    made = Studio((270, 480), 30, shots, scenes, cast, curves, 1)
    frames = list(made.frames())
    assert len(frames) == made.count == 6
    assert np.abs(frames[1].astype(int) - frames[2]).mean() > 5
    whole = Studio((270, 480), 30, [{"character": "a", "start": 0, "frames": 6}], scenes, cast, [_rest(6)], 1)
    assert np.array_equal(list(whole.frames())[5], frames[5])


def _rest(frames: int) -> dict[str, Any]:
    return {"fps": 30, "frames": frames, "curves": {"open": [0] * frames}}


def test_frames_are_the_same_in_a_fresh_process(studio: Make, rigs: dict[str, Rig]) -> None:
    """The bytes of a posed frame do not depend on the process."""
    pose = {"open": 0.6, "teeth": 0.5, "tilt": 0.4, "brow": 0.3, "gaze_x": 0.5, "blink": 0.3}
    here = next(iter(studio("toon-head", [pose]).frames()))
    files = {layer.name: str(layer.path) for layer in rigs["toon-head"].layers if layer.path}
    folder = Path(next(iter(files.values()))).parent
    code = (
        "import hashlib, sys; from pathlib import Path; from talkmill.picture.rig import Rig\n"
        "from talkmill.picture.compositor import Studio; from tests.picture.conftest import scene, SIZE\n"
        f"files = {{k: Path(v) for k, v in {files!r}.items()}}\n"
        f"rig = Rig.load(Path({str(folder)!r}) / 'rig.json', files)\n"
        f"curves = {{'fps': 30, 'frames': 1, 'curves': {{k: [v] for k, v in {pose!r}.items()}}}}\n"
        "made = Studio(SIZE, 30, [{'character': 'c', 'start': 0, 'frames': 1}], {'c': scene()}, {'c': rig}, [curves], 1)\n"
        "print(hashlib.sha256(next(iter(made.frames())).tobytes()).hexdigest())\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    import hashlib

    assert done.stdout.strip() == hashlib.sha256(here.tobytes()).hexdigest()


def test_the_plate_is_in_the_safe_area_and_off_the_face(studio: Make) -> None:
    """The name's plate lies within what the platforms leave free, below the chin, clear of the captions."""
    shown = {"show": True, "role": "Head of Coffee", "colour": "#FFFFFF", "box": "#101020"}
    with_plate = studio("toon-head", [{}], size=(1080, 1920), name_line=shown)
    without = studio("toon-head", [{}], size=(1080, 1920))
    difference = np.abs(with_plate.still(0).astype(int) - without.still(0)).max(axis=2) > 12
    rows, columns = np.nonzero(difference)
    assert 58 <= columns.min() < columns.max() <= 896
    assert max(with_plate.stage("c").puppet.chin, 0.64 * 1920) < rows.min() < rows.max() <= 1470


def test_a_name_that_no_font_can_write_is_an_error(studio: Make) -> None:
    """Boxes instead of letters would be a silent failure; the message says which letters."""
    shown = {"show": True, "role": None, "colour": "#FFFFFF", "box": "#101020"}
    with pytest.raises(RequestError, match="漢"):
        studio("personas", [{}], name="漢字", name_line=shown).still(0)


def test_curves_that_are_too_short_are_refused(rigs: dict[str, Rig]) -> None:
    """A shot longer than its curves is an error before the first frame."""
    shots = [{"character": "c", "start": 0, "frames": 5}]
    with pytest.raises(RequestError, match="too short \\(3 of 5 frames\\)"):
        Studio(SIZE, 30, shots, {"c": scene()}, {"c": rigs["personas"]}, [_rest(3)], 1)


def test_a_rig_of_another_format_is_refused(tmp_path: Path) -> None:
    """The message says which format was found."""
    path = tmp_path / "rig.json"
    path.write_text('{"format": 99}')
    with pytest.raises(MediaError, match="format 99"):
        Rig.load(path, {})
    path.write_text("[]")
    with pytest.raises(MediaError, match="not a rig"):
        Rig.load(path, {})
