"""Photographs that are alive, and the user's clips as they are taken in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from talkmill.backends import Result, load
from talkmill.errors import RequestError
from talkmill.media import faces, ffmpeg, frames
from tests.portraits import admiral, beside, woman


def idle(folder: Path, picture: np.ndarray, **request: object) -> Result:
    folder.mkdir()
    Image.fromarray(picture).save(folder / "image.png")
    asked = {"fps": 24, "shapes": ["square"], "motion": 1.0, "mouth_box": None, "seed": 1, **request}
    return load("animate", "idle").run(asked, {"image": folder / "image.png"}, folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> frames.Clip:
    """The admiral for a square."""
    result = idle(tmp_path_factory.mktemp("idle") / "a", admiral(1.0))
    return frames.Clip.of(result.files["frames"], dict(result.facts))


def test_a_photograph_becomes_a_round_of_slight_motion(made: frames.Clip):
    """Eight seconds; the face moves by some pixels and no more; the last frame goes over into the first."""
    assert made.frames == 8 * 24
    assert min(made.width, made.height) >= 1080
    track = faces.track((frames.half(frame) for frame in made.read(range(0, made.frames, 8))), 3)
    nose = track.landmarks[:, 0, faces.NOSE, :2]
    size = np.ptp(track.landmarks[0, 0, :, 1])
    assert 0.004 * size < np.ptp(nose, axis=0).max() < 0.08 * size
    first, second, last = (frame.astype(int) for frame in made.read([0, 1, made.frames - 1]))
    assert np.abs(last - first).mean() < 2 * np.abs(second - first).mean() + 0.2


def test_its_first_frame_is_the_photograph(tmp_path: Path, made: frames.Clip):
    """Nothing is moved at time 0, and without motion nothing ever is."""
    still = idle(tmp_path / "still", admiral(1.0), motion=0)
    clip = frames.Clip.of(still.files["frames"], dict(still.facts))
    pictures = list(clip.read())
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)
    assert np.array_equal(next(made.read([0])), pictures[0])


def test_the_same_photograph_is_the_same_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The same bytes a second time."""
    monkeypatch.setattr("talkmill.backends.animate.idle.SECONDS", 0.5)
    one, again = (idle(tmp_path / name, admiral(1.0)).files["frames"].read_bytes() for name in ("one", "again"))
    assert one == again


def test_the_cut_holds_what_the_shapes_need(tmp_path: Path):
    """A landscape picture for an upright shape is cut around the face, which keeps its place in it."""
    wide = np.pad(admiral(1.0), ((0, 0), (900, 200), (0, 0)), mode="edge")
    result = idle(tmp_path / "wide", wide, shapes=["vertical"], motion=0)
    facts = result.facts
    assert facts["height"] >= 1900
    assert facts["width"] < 1300
    (face,) = faces.find(frames.rgb(next(frames.Clip.of(result.files["frames"], dict(facts)).read([0]))))
    assert abs((face.box[0] + face.box[2]) / 2 - facts["width"] / 2) < 0.1 * facts["width"]


def test_of_several_people_the_one_who_is_meant_is_in_the_middle(tmp_path: Path):
    """Far apart in a wide picture: each clip is cut around its own face."""
    both = beside(woman(2.6), admiral(2.0))
    for side in ("left", "right"):
        result = idle(tmp_path / side, both, motion=0, face=side)
        picture = frames.rgb(next(frames.Clip.of(result.files["frames"], dict(result.facts)).read([0])))
        middles = [(face.box[0] + face.box[2]) / 2 / picture.shape[1] for face in faces.find(picture)]
        assert any(0.3 < middle < 0.7 for middle in middles)


def test_people_who_are_shown_together_are_all_in_the_clip(tmp_path: Path):
    """Whole, in a clip that is wider than the shape, and not wider than it may be; the third is left out."""
    three = beside(woman(2.6), admiral(2.0), np.pad(woman(2.6), ((0, 0), (900, 0), (0, 0)), mode="edge"))
    result = idle(tmp_path / "both", three, motion=0, face=["left", 2])
    assert 1080 < result.facts["width"] <= 1.06 * 1620
    picture = frames.rgb(next(frames.Clip.of(result.files["frames"], dict(result.facts)).read([0])))
    found = faces.find(picture)
    assert len(found) == 2
    for face in found:
        assert face.box[0] > 0.05 * face.size
        assert face.box[2] < picture.shape[1] - 0.05 * face.size


def test_a_clip_of_the_users_is_taken_in_or_refused(tmp_path: Path):
    """Frames at the project's rate; what is none is an error of the request."""
    source = "testsrc2=s=320x240:r=50:d=1"
    ffmpeg.run(["-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", ffmpeg.url(tmp_path / "a.mp4")])
    asked = {"fps": 24, "start": 0.0, "end": None}
    result = load("animate", "clip").run(asked, {"clip": tmp_path / "a.mp4"}, tmp_path)
    assert (result.facts["frames"], result.facts["fps"]) == (24, 24)
    assert result.facts["source"]["fps"] == 50
    (tmp_path / "b.mp4").write_text("no video")
    with pytest.raises(RequestError, match="cannot be read as a video"):
        load("animate", "clip").run(asked, {"clip": tmp_path / "b.mp4"}, tmp_path)
