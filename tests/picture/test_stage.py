"""Several characters in one frame."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from talkmill.errors import RequestError
from talkmill.picture.compositor import SIZES, Studio
from talkmill.picture.layout import captions_top, group
from talkmill.picture.rig import Rig
from talkmill.picture.stage import turned
from tests.picture.conftest import SIZE, scene

CASTS = (("toon-head", "avataaars"), ("micah", "bottts"), ("critters", "notionists", "personas"))


def together(rigs: dict[str, Rig], styles: tuple[str, ...], poses: list[dict[str, Any]], **changes: Any) -> Studio:
    """The first speaks with `poses`, the others listen; everyone is in the frame."""
    frames = len(poses)
    names = {name for pose in poses for name in pose}
    spoken = {"fps": 30, "frames": frames, "curves": {name: [pose.get(name, 0.0) for pose in poses] for name in names}}
    silent = {"fps": 30, "frames": frames, "curves": {}}
    faces = [
        {"character": one, "start": 0, "frames": frames, "speaks": one == styles[0], "towards": styles[0]} for one in styles
    ]
    shots = [{"cast": styles, "start": 0, "frames": frames}]
    scenes = {one: scene(name=one.title(), **changes) for one in styles}
    curves = [spoken, *[silent] * (len(styles) - 1)]
    return Studio(SIZE, 30, shots, scenes, rigs, curves, 1, faces=faces, order=styles)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("styles", CASTS)
def test_heads_stand_side_by_side_above_the_captions(rigs: dict[str, Rig], styles: tuple[str, ...], shape: str) -> None:
    """From left to right, of one size, each wholly in the frame, none over another's face, chins above two lines."""
    size = SIZES[shape]
    layouts = group([rigs[one] for one in styles], size, [scene()] * len(styles))
    boxes = []
    for one, layout in zip(styles, layouts, strict=True):
        face = rigs[one].face
        head = (face["chin"] - face["skull"]) * layout.scale
        x, chin = face["centre"][0] * layout.scale + layout.x, face["chin"] * layout.scale + layout.y
        assert chin < captions_top(size, scene()["captions"])
        assert face["top"] * layout.scale + layout.y > 0.03 * size[1]
        boxes.append((x - 0.4 * head, x + 0.4 * head, head))
    assert all(left[1] < right[0] for left, right in pairwise(boxes))
    assert boxes[0][0] > 0
    assert boxes[-1][1] < size[0]
    assert max(box[2] for box in boxes) < 1.02 * min(box[2] for box in boxes)


@pytest.mark.parametrize("styles", CASTS)
def test_only_who_speaks_moves_the_mouth(
    rigs: dict[str, Rig], styles: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an open mouth changes lies in the speaker's third or half of the frame."""
    from talkmill.picture.idle import Idle

    monkeypatch.setattr("talkmill.picture.stage.idle", lambda *_: Idle(0, 0, 0, 0, 0, 0, 0))
    made = together(rigs, styles, [{}, {"open": 1.0, "teeth": 0.5}])
    frames = [frame[: SIZE[1]].astype(int) for frame in made.frames()]
    rows, columns = np.nonzero(np.abs(frames[1] - frames[0]) > 4)
    assert len(rows)
    assert columns.max() < SIZE[0] / len(styles)


def test_the_name_is_that_of_who_speaks(rigs: dict[str, Rig]) -> None:
    """One plate: at the left for who sits at the left, at the right for who sits at the right."""
    shown = {"show": True, "role": None, "colour": "#FFFFFF", "box": "#101020"}
    found = []
    for styles in (("toon-head", "avataaars"), ("avataaars", "toon-head")):
        faces = [{"character": one, "start": 0, "frames": 1, "speaks": one == "toon-head", "towards": None} for one in styles]
        rest = [{"fps": 30, "frames": 1, "curves": {}}] * 2
        for line in (shown, {**shown, "show": False}):
            scenes = {one: scene(name=one, name_line=line) for one in styles}
            made = Studio(
                SIZE, 30, [{"cast": styles, "start": 0, "frames": 1}], scenes, rigs, rest, 1, faces=faces, order=styles
            )
            found.append(made.still(0).astype(int))
    for plain, named, left in ((found[1], found[0], True), (found[3], found[2], False)):
        columns = np.nonzero(np.abs(named - plain).max(axis=2) > 12)[1]
        assert bool(columns.max() < SIZE[0] / 2) is left
        assert bool(columns.min() > 0.3 * SIZE[0]) is not left


def test_a_face_looks_at_its_neighbour_until_the_viewer_takes_its_eyes() -> None:
    """`viewer` 0 is at the neighbour, 1 straight out."""
    assert turned({}, 1.0)["gaze_x"] > 0.5 > -0.5 > turned({}, -1.0)["gaze_x"]
    assert turned({"viewer": 1.0, "gaze_x": 0.1}, 1.0)["gaze_x"] == 0.1
    assert turned({"gaze_x": 0.1}, 0.0) == {"gaze_x": 0.1}


def test_different_backgrounds_go_softly_over_into_each_other(rigs: dict[str, Rig]) -> None:
    """The left edge is the left one's, the right edge the right one's, and no column differs much from the next."""
    styles = ("toon-head", "avataaars")
    faces = [{"character": one, "start": 0, "frames": 1, "speaks": False, "towards": None} for one in styles]
    scenes = {"toon-head": scene(background={"colour": "#C03020"}), "avataaars": scene(background={"colour": "#2040C0"})}
    rest = [{"fps": 30, "frames": 1, "curves": {}}] * 2
    made = Studio(SIZE, 30, [{"cast": styles, "start": 0, "frames": 1}], scenes, rigs, rest, 1, faces=faces)
    row = made.still(0)[10].astype(int)
    assert np.abs(row[2] - (0xC0, 0x30, 0x20)).max() < 6
    assert np.abs(row[-3] - (0x20, 0x40, 0xC0)).max() < 6
    assert np.abs(np.diff(row, axis=0)).max() < 10


def test_who_is_seen_without_a_face_is_an_error(rigs: dict[str, Rig]) -> None:
    """Not a still picture, silently."""
    made = together(rigs, ("toon-head", "avataaars"), [{}])
    made._faces.pop("avataaars")
    with pytest.raises(RequestError, match="avataaars has no face in frame 0"):
        made.still(0)


def test_who_interrupts_takes_the_name_plate(rigs: dict[str, Rig]) -> None:
    """While two speak at once, only the plate of who began last is seen: two may not fit beside each other."""
    styles, frames = ("toon-head", "avataaars"), 40
    faces = [{"character": one, "start": 0, "frames": frames, "speaks": one == styles[0], "towards": None} for one in styles]
    faces[1:] = [
        {"character": styles[1], "start": 0, "frames": 20, "speaks": False, "towards": None},
        {"character": styles[1], "start": 20, "frames": 20, "speaks": True, "towards": None},
    ]
    curves = [{"fps": 30, "frames": face["frames"], "curves": {}} for face in faces]
    shots = [{"cast": styles, "start": 0, "frames": frames}]
    scenes = {one: scene(name=one) for one in styles}
    made = Studio(SIZE, 30, shots, scenes, rigs, curves, 1, faces=faces, order=styles)
    names = [[made._seen(one, styles, shots[0], frame).named for one in styles] for frame in (10, 35)]
    assert names == [[1.0, 0.0], [0.0, 1.0]]
