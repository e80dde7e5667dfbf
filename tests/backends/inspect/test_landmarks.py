"""What is said of a picture or a clip before it is made to talk."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from talkmill.backends import load
from talkmill.backends.inspect import looks
from talkmill.errors import RequestError
from talkmill.media import faces, frames
from talkmill.media.faces import LEFT_EYE, RIGHT_EYE, Track
from tests.portraits import admiral, beside, cat, turned_head, woman


def inspected(folder: Path, *pictures: np.ndarray, still: bool = True, **request: Any) -> dict[str, Any]:
    """The facts about a still, or about a clip of these pictures."""
    even = [one[: one.shape[0] // 2 * 2, : one.shape[1] // 2 * 2] for one in pictures]
    clip = frames.write(map(frames.i420, even), even[0].shape[1::-1], 24, folder / "frames.mkv")
    inputs = {"frames": clip.path}
    if still:
        Image.fromarray(pictures[0]).save(folder / "image.png")
        inputs["image"] = folder / "image.png"
    asked = {"still": still, "face": None, "mouth_box": None, "sync_strength": 1.0, "clip": clip.facts, **request}
    return dict(load("inspect", "landmarks").run(asked, inputs, folder).facts)


def said(facts: dict[str, Any], severity: str = "warn") -> str:
    return "\n".join(one["text"] for one in facts["findings"] if one["severity"] == severity)


def test_a_good_picture_has_nothing_to_be_warned_of(tmp_path: Path):
    """A face of 600 pixels, mouth shut, even light, looking into the camera."""
    facts = inspected(tmp_path, admiral(3.0))
    assert said(facts) == ""
    assert facts["faces"] == 1
    assert facts["face"] == 0
    assert facts["size"] == pytest.approx(604, rel=0.05)
    assert facts["yaw"] < 8
    track = Track.load(tmp_path / "track.npz")
    assert track.landmarks.shape == (1, 1, 468, 3)


def test_a_face_that_is_not_there_too_small_or_not_told_apart_is_refused(tmp_path: Path):
    """No face, a cat, a face under 128 pixels, two faces where none is named; each says what to do."""
    for picture, words in (
        (np.full((400, 400, 3), 90, np.uint8), r"no face was found \(0\)\. Give a picture .*mouth_box\."),
        (cat(), "no face was found"),
        (admiral(0.55), r"the face is too small \(11\d pixels, 128 at least\)"),
        (beside(woman(2.4), admiral()), r"several faces were found \(2: .*\)\. Say which one speaks with portrait\.face"),
    ):
        with pytest.raises(RequestError, match=words):
            inspected(tmp_path, picture)


def test_one_of_several_faces_is_named_by_side_or_number(tmp_path: Path):
    """By its side, by its number from the left; a third one is not there."""
    both = beside(woman(2.4), admiral())
    places = {name: inspected(tmp_path, both, face=name) for name in ("left", 2)}
    assert places["left"]["box"][2] < places[2]["box"][0]
    assert [place["face"] for place in places.values()] == [0, 1]
    with pytest.raises(RequestError, match=r"there is no face 3 \(found 2\)"):
        inspected(tmp_path, both, face=3)


def test_a_mouth_box_stands_for_a_face_that_is_not_found(tmp_path: Path):
    """The cat talks where its user says; the box of its face is around that."""
    facts = inspected(tmp_path, cat(), mouth_box=[0.4, 0.5, 0.2, 0.1])
    assert facts["face"] is None
    height, width = cat().shape[:2]
    assert facts["box"][0] < 0.4 * width < 0.6 * width < facts["box"][2]
    assert facts["box"][1] < 0.5 * height < 0.6 * height < facts["box"][3]


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=quality)
    return np.asarray(Image.open(held).convert("RGB"))


def painted(picture: np.ndarray, what: str) -> np.ndarray:
    """The picture with sunglasses, or a microphone before the mouth."""
    made = picture.copy()
    (face,) = faces.find(picture)
    wide, points = face.box[2] - face.box[0], face.landmarks[:, :2]
    if what == "sunglasses":
        for eye in (LEFT_EYE, RIGHT_EYE):
            middle = points[list(eye)].mean(axis=0)
            cv2.ellipse(made, tuple(map(int, middle)), (int(0.2 * wide), int(0.14 * wide)), 0, 0, 360, (15, 15, 18), -1)
    else:
        cv2.circle(made, tuple(map(int, points[14])), int(0.3 * wide), (40, 70, 160), -1)
    return made


def one_sided(picture: np.ndarray) -> np.ndarray:
    (face,) = faces.find(picture)
    light = np.where(np.arange(picture.shape[1]) < face.landmarks[faces.NOSE, 0], 0.35, 1.0)
    return (picture * light[None, :, None]).astype(np.uint8)


def smeared(picture: np.ndarray) -> np.ndarray:
    return cv2.filter2D(picture, -1, np.full((1, 31), 1 / 31))


DAMAGE = {
    "is damaged by compression": lambda picture: jpeg(picture, 8),
    "is blurred": lambda picture: cv2.GaussianBlur(picture, (0, 0), 6),
    "is smeared by motion": smeared,
    "is too dark": lambda picture: (picture * 0.25).astype(np.uint8),
    "light comes from one side": one_sided,
    "sunglasses": lambda picture: painted(picture, "sunglasses"),
    "around the mouth has another colour": lambda picture: painted(picture, "microphone"),
}


@pytest.mark.parametrize("words", DAMAGE)
@pytest.mark.parametrize("person", [admiral, woman])
def test_what_spoils_a_picture_is_measured_and_told(words, person):
    """Each damage is told with its number and a cure, and the undamaged picture is free of it."""
    whole = person(3.0)
    for picture, expected in ((whole, False), (DAMAGE[words](whole), True)):
        found = faces.find(picture)
        assert found
        told = [one for one in looks.findings(looks.look(picture, found[0]), 1.0, True) if one.severity == "warn"]
        assert any(words in one.text for one in told) == expected
        assert all(one.text.count("(") >= 1 and one.text.endswith(".") for one in told)


def test_faces_that_are_turned_are_warned_of_and_then_refused():
    """To 30 degrees nothing, to 45 a reduced strength, beyond refused; up and down likewise."""
    seen = looks.look(admiral(), faces.find(admiral())[0])

    def told(strength: float = 1.0, **turned: float) -> list[tuple[str, str]]:
        found = looks.findings(looks.Look(**{**seen.__dict__, "size": 600.0, **turned}), strength, True)
        return [(one.severity, one.text) for one in found]

    assert told(yaw=-29.0) == []
    ((severity, text),) = told(yaw=-38.0)
    assert severity == "warn"
    assert "Set lipsync.sync_strength to 0.5 or 0.6 (it is 1)" in text
    assert "sync_strength" not in told(0.6, yaw=38.0)[0][1]
    assert told(yaw=47.0)[0][0] == "refuse"
    assert told(pitch=-28.0)[0] == ("warn", "the face looks down (28 degrees, 20 are good). Take it at eye level.")
    assert told(pitch=40.0)[0][0] == "refuse"


def test_shut_eyes_and_an_open_mouth_are_told():
    """By the measures alone: an eye open by a twentieth of its width, lips apart by a half."""
    seen = looks.look(admiral(3.0), faces.find(admiral(3.0))[0])
    texts = [one.text for one in looks.findings(looks.Look(**{**seen.__dict__, "eyes": 0.05, "gap": 0.5}), 1.0, True)]
    assert any("the eyes are shut" in text for text in texts)
    assert any("the mouth is wide open (gap 50%" in text for text in texts)


def test_a_clip_that_cuts_and_loses_its_face_says_so(tmp_path: Path):
    """The cut is told with its second, the frames without a face with theirs."""
    moving = [turned_head(admiral(1.0), 0.01 * np.sin(number / 4)) for number in range(24)]
    empty = [np.full_like(moving[0], 120)] * 18
    other = cv2.resize(np.ascontiguousarray(woman(2.0)[0:600, 200:712]), (512, 600))
    facts = inspected(tmp_path, *moving, *empty, *[other] * 24, still=False)
    warned = said(facts)
    assert "the clip cuts to another scene" in warned
    assert "1.0 s" in warned
    assert "the face is not there in" in warned


def test_the_same_clip_is_the_same_track(tmp_path: Path):
    """The same bytes a second time."""
    held = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        inspected(tmp_path / name, admiral(1.0), admiral(1.0), still=False)
        held.append((tmp_path / name / "track.npz").read_bytes())
    assert held[0] == held[1]
