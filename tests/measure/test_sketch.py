"""Mouths that are drawings: which one a frame shows, and what follows from it."""

from __future__ import annotations

import dataclasses
import json
import math

import cv2
import numpy as np
import pytest

from benchmarks.clips import one
from benchmarks.controls import CONTROLS
from talkmill.backends.portray import drawings as folder_of
from talkmill.backends.portray.sheet import Sheet
from talkmill.cli import main
from talkmill.measure import score, shapes
from talkmill.measure.sketch import Matcher, drawings_of
from talkmill.measure.subject import Drawings, Face, Line, Subject
from talkmill.measure.watch import Seen, Watched
from talkmill.model import SAMPLE_RATE, Phoneme, Take
from talkmill.picture.idle import Idle
from talkmill.picture.layout import Layout
from talkmill.picture.puppet import Pose, Puppet
from talkmill.picture.rig import Rig
from talkmill.picture.sprite import Sprite, draw, warped
from tests.backends.portray.drawn import sheet
from tests.measure.conftest import SENTENCE

FPS, SIZE = 30, (480, 640)
MOUTHS = ("X", "A", "B", "C", "D", "E")
REST = Idle(0, 0, 0, 0, 0, 0, 0)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    """A disc with a mouth of six drawings, each a little more open than the one before."""
    files = folder_of.find(sheet(tmp_path_factory.mktemp("sheet"), MOUTHS, parts=True))
    made = Sheet().run({"mouths": "rhubarb", "anchors": {}, "twos": False}, files, tmp_path_factory.mktemp("rig"))
    return Rig.load(made.files["rig"], {name: path for name, path in made.files.items() if name != "rig"})


@pytest.fixture(scope="module")
def layout(rig):
    return Layout(360 / rig.size[1], 360, 60, 80)


def shown(rig, layout, name, turn, shift, noise=2.0):
    """A frame's Y', Cb, Cr planes: the head with that mouth, turned by degrees about its neck and shifted, and coding noise."""
    puppet = Puppet(rig, layout)
    eye = np.array([(1.0, 0, 0), (0, 1.0, 0)])
    head = puppet.head({"mouth": name}, REST, Pose(eye, eye, 0.0, 0.0))
    way = cv2.getRotationMatrix2D(tuple(float(value) for value in puppet.pivot), -turn, 1.0)
    way[:, 2] += shift
    canvas = Sprite(np.dstack([np.full(SIZE[::-1], value, np.uint8) for value in (90, 150, 110, 255)]), 0, 0)
    draw(canvas, warped(head, way, (0, 0, *SIZE)))
    random = np.random.default_rng(3)
    picture = canvas.image[..., :3].astype(np.float32) + random.normal(0, noise, (*SIZE[::-1], 3))
    return np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8).transpose(2, 0, 1))


def test_the_drawing_is_told_while_the_head_moves(rig, layout):
    """Turned by up to 4 degrees, shifted by up to 12 pixels, under noise: each of six drawings, and where it is."""
    names = [f"mouth-{name}" for name in MOUTHS]
    said = [names[index] for index in np.random.default_rng(1).integers(0, 6, 24)]
    face = Face("pip", 0, len(said), **drawings_of(rig, layout, FPS))
    matcher = Matcher(face, (0, 0))
    for frame, name in enumerate(said):
        turn, shift = 4 * math.sin(frame / 5), (12 * math.sin(frame / 7), 8 * math.cos(frame / 6))
        matcher.look(shown(rig, layout, name, turn, shift), frame)
    found = [face.drawings.names[number] for number in matcher.seen.drawing]
    assert found == said
    puppet = Puppet(rig, layout)
    turns = [math.radians(4 * math.sin(frame / 5)) for frame in range(len(said))]
    arm = puppet.mouth_at[1] - puppet.pivot[1]  # the mouth is above the neck, and swings with the turn
    truth = [puppet.mouth_at[0] + 12 * math.sin(frame / 7) - arm * math.sin(turn) for frame, turn in enumerate(turns)]
    assert np.abs(matcher.seen.x - truth).max() < 3


def test_a_face_that_is_covered_or_gone_shows_no_drawing(rig, layout):
    """A frame of the background alone, and one with a hand over the mouth, are unknown; the next one is known again."""
    face = Face("pip", 0, 4, **drawings_of(rig, layout, FPS))
    matcher = Matcher(face, (0, 0))
    right = shown(rig, layout, "mouth-D", 0.0, (0, 0))
    covered, gone = right.copy(), right.copy()
    left, top, right_, bottom = face.window
    covered[:, top:bottom, left:right_] = np.array([60, 90, 180])[:, None, None]
    gone[:] = np.array([90, 150, 110])[:, None, None]
    for frame, picture in enumerate((right, covered, gone, right)):
        matcher.look(picture, frame)
    assert [face.drawings.names[number] if number >= 0 else None for number in matcher.seen.drawing] == [
        "mouth-D", None, None, "mouth-D",
    ]  # fmt: skip
    assert np.isnan(matcher.seen.height[1:3]).all()


# --- what follows from the drawings that are shown ---

PHONES = [("a", 0.5, 0.7), ("b", 0.7, 0.8), ("a", 0.8, 1.0), ("m", 1.0, 1.1), ("a", 1.1, 1.3), ("p", 1.3, 1.4), ("a", 1.4, 1.6)]
SET = Drawings(
    ("shut", "wide", "open", "rest"), (("PP",), ("E", "I", "DD"), ("aa", "O"), ("sil",)),
    np.zeros((4, 2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8), (0, 0), (8.0, 20.0, 60.0, 8.0), (40.0, 60.0, 50.0, 40.0), 1,
)  # fmt: skip


def judged(late=0.0, step=1, change=None):
    """The score of a face that shows `open` in every a, and `shut` in b, m and p; drawn anew every `step` frames."""
    face = Face("pip", 0, 75, (0, 0), 20.0, 52.0, 5.0, {}, (), dataclasses.replace(SET, step=step))
    seen = Seen.empty(face)
    for frame in range(75):
        middle = (frame // step * step + step / 2) / FPS - late
        said = next((symbol for symbol, start, end in PHONES if start <= middle < end), "")
        seen.drawing[frame] = {"": 3, "a": 2}.get(said, 0)
    if change:
        seen.drawing[change[0]] = change[1]
    seen.height[:], seen.width[:], seen.moved[:], seen.back[:] = 1.0, 1.0, 0.0, 0.0
    said = tuple(Phoneme(symbol, round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for symbol, a, b in PHONES)
    line = Line("pip", 0, Take(round(2.5 * SAMPLE_RATE), (), said))
    silent = np.array([not 0.3 < (frame + 0.5) / FPS < 1.8 for frame in range(75)])
    subject = Subject(face.character, FPS, 75, (1, 1), (face,), (line,))
    return score.judge(
        subject, Watched([seen], 75), type("Heard", (), {"late": 0.0})(), [shapes.shape_of(seen, silent)], [silent]
    )


def test_closures_are_runs_of_shut_drawings():
    """Their middle is timed from the first frame's start to the last one's end; 100 ms late is 100 ms late."""
    right = judged()
    assert [one.shut for one in right.closures] == [True] * 3
    assert np.abs(right.offsets).max() <= 0.5 / FPS
    assert (right.still, right.flicker) == (right.quiet, 0)
    late = judged(late=0.1)
    assert late.offsets == pytest.approx(right.offsets + 0.1, abs=0.5 / FPS)
    assert np.median(late.misses) > 0.06


def test_on_twos_half_a_frame_more_is_allowed():
    """A mouth that changes every second frame cannot be nearer: half of what it lacks against every frame does not count."""
    once, twice = judged(late=0.08), judged(late=0.08, step=2)
    assert np.abs(judged(step=2).offsets).max() <= 0.5 / FPS
    assert twice.offsets.mean() == pytest.approx(once.offsets.mean() - 0.5 / FPS, abs=0.5 / FPS)
    assert np.median(twice.misses) > 0.04


def test_another_drawing_in_silence_is_not_still():
    """One frame of another one: two changes, whichever drawing it is."""
    assert judged(change=(66, 0)).still == judged().still - 2
    assert judged(change=(66, 2)).restless == [66, 67]


def test_a_drawing_that_stands_for_two_shapes_counts_as_both():
    """The open drawing is also the round one here: an o that gets it is right, and so is an a."""
    assert shapes.stands_for(SET) == (("shut",), ("wide",), ("open", "round"), ("shut",))
    found = judged()
    assert found.recall() == {"shut": 1.0, "open": 1.0}


# --- the real thing ---


@pytest.fixture(scope="session")
def pip():
    return one("pip-bob", "en", "pip", "espeak", SENTENCE)


def told(capsys, *arguments):
    code = main(["check", *map(str, arguments)])
    return code, json.loads(capsys.readouterr().out)


def test_a_delivered_clip_of_a_sheet_is_within_its_limits(shop, pip, capsys, tmp_path):
    """Made by the real backends, decoded, measured: everything passes, and the picture of it is drawn."""
    video = shop.make(pip)
    code, found = told(capsys, video, "--json", "--picture", tmp_path / "review.png")
    measures = {measure["name"]: measure for measure in found["measures"]}
    assert code == 0, measures
    assert found["lip_sync"]
    assert (measures["shut"]["value"], measures["still"]["value"], measures["found"]["value"]) == (1.0, 1.0, 1.0)
    assert (tmp_path / "review.png").stat().st_size > 10_000
    assert {value for value in found["faces"][0]["opening"]} > {0.0}


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_wrong_drawing_fails_clearly(shop, pip, control, capsys):
    """Chosen by loudness, 120 ms off, or backwards: each misses several limits, by far."""
    code, found = told(capsys, shop.make(pip, control), "--json")
    measures = {one["name"]: one for one in found["measures"]}
    assert code == 1
    assert sum(one["verdict"] == "fail" for one in measures.values()) >= 3
    assert measures["closure_95_ms"]["value"] > 100
    assert measures["shapes"]["value"]["mean"] < 0.65


def test_twos_and_shared_drawings_are_said(shop, pip, monkeypatch):
    """The note tells what is allowed for, so that nobody takes it for more than it is."""
    from talkmill.measure import review as reviewing

    found = reviewing.find(shop.make(pip))
    face = found.faces[0]
    changed = dataclasses.replace(face, drawings=dataclasses.replace(face.drawings, step=2, visemes=(("aa", "O"),) * 9))
    notes = " ".join(reviewing.stand_ins(dataclasses.replace(found, faces=(changed,))))
    assert "pip is drawn on twos" in notes
    assert "one drawing for several shapes" in notes
    assert reviewing.stand_ins(found) == []
