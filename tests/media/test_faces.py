"""Faces and their landmarks: in pictures, in several places at once, along a clip."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from talkmill.errors import MediaError
from talkmill.media import faces
from tests.portraits import admiral, beside, cat, turned_head, woman


def test_a_face_is_found_with_its_landmarks_where_they_are():
    """Eyes above the nose above the mouth above the chin, lips shut on the admiral and parted on the woman."""
    for picture, parted in ((admiral(), False), (woman(), True)):
        (face,) = faces.find(picture)
        points = face.landmarks[:, :2]
        order = [points[list(faces.LEFT_EYE), 1].mean(), points[faces.NOSE, 1], points[13, 1], points[faces.CHIN, 1]]
        assert order == sorted(order)
        assert points[33, 0] < points[133, 0] < points[362, 0] < points[263, 0]
        gap = np.linalg.norm(points[13] - points[14]) / np.linalg.norm(points[78] - points[308])
        assert (gap > 0.1) == parted
        assert face.score > 0.8


def test_landmarks_follow_the_picture():
    """Moved by (40, 25) and doubled, the same points move and double, within 1 % of the face."""
    picture = admiral(1.0)
    (face,) = faces.find(picture)
    moved = cv2.copyMakeBorder(picture, 25, 0, 40, 0, cv2.BORDER_REFLECT)
    (other,) = faces.find(moved)
    assert np.abs(other.landmarks[:, :2] - face.landmarks[:, :2] - (40, 25)).mean() < 0.01 * face.size
    (double,) = faces.find(cv2.resize(picture, None, fx=2, fy=2))
    assert np.abs(double.landmarks[:, :2] / 2 - face.landmarks[:, :2]).mean() < 0.01 * face.size


@pytest.mark.parametrize("angle", [-25, 20])
def test_roll_is_measured(angle):
    """A picture that is turned by so many degrees clockwise has so much more roll."""
    picture = admiral(1.0)
    height, width = picture.shape[:2]
    turned = cv2.warpAffine(picture, cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1), (width, height))
    assert faces.find(turned)[0].roll - faces.find(picture)[0].roll == pytest.approx(angle, abs=3)


def test_yaw_and_roll_change_sides_in_the_mirror():
    """A mirrored face is turned to the other side."""
    one, other = faces.find(woman())[0], faces.find(woman()[:, ::-1].copy())[0]
    assert one.roll == pytest.approx(-other.roll, abs=1.5)
    assert one.yaw == pytest.approx(-other.yaw, abs=3)


def test_several_faces_are_told_from_left_to_right():
    """Two people side by side are two faces, in their order."""
    picture = beside(woman(2.4), admiral())
    found = faces.find(picture)
    assert len(found) == 2
    assert found[0].box[2] < found[1].box[0]


def test_a_small_face_in_a_large_picture_is_found():
    """130 pixels of face in a picture of 4000."""
    picture = np.full((2200, 4000, 3), 120, np.uint8)
    small = cv2.resize(admiral(1.0), None, fx=0.65, fy=0.65, interpolation=cv2.INTER_AREA)
    picture[1500 : 1500 + small.shape[0], 3000 : 3000 + small.shape[1]] = small
    (face,) = faces.find(picture)
    assert face.size == pytest.approx(0.65 * 201, rel=0.06)


def test_there_is_no_face_in_a_cat_nor_in_nothing():
    """What is no human face is none."""
    assert faces.find(cat()) == []
    assert faces.find(np.random.default_rng(1).integers(0, 255, (400, 600, 3), np.uint8)) == []


def moving(count: int) -> list[np.ndarray]:
    return [turned_head(admiral(1.0), 0.06 * np.sin(2 * np.pi * number / 30)) for number in range(count)]


def test_a_track_follows_without_lag_and_steadier_than_each_frame_by_itself():
    """The face's place is that of the frame: the lag of best agreement is 0, and the jitter of its shape is smaller."""
    pictures = moving(45)
    track = faces.track(pictures, 30)
    assert track.seen.all()
    assert track.landmarks.shape == (45, 1, 468, 3)
    truth = 0.06 * np.sin(2 * np.pi * np.arange(45) / 30) * pictures[0].shape[1]
    place = track.landmarks[:, 0, :, 0].mean(axis=1)
    lags = {lag: np.corrcoef(place[5 + lag : 40 + lag], truth[5:40])[0, 1] for lag in range(-3, 4)}
    assert max(lags, key=lags.__getitem__) == 0
    raw = np.stack([faces.find(picture)[0].landmarks for picture in pictures])[:, None]
    shapes = [one - one.mean(axis=2, keepdims=True) for one in (raw, track.landmarks)]
    rough = [np.abs(np.diff(shape[:, 0, :, :2], n=2, axis=0)).mean() for shape in shapes]
    assert rough[1] < 0.6 * rough[0]


def test_a_track_is_split_where_the_clip_cuts_and_a_short_gap_is_bridged():
    """Another scene is another number; nothing is smoothed across it; six frames without a face are interpolated."""
    pictures = moving(30)
    covered = pictures[10].copy()
    covered[:] = 90
    shown = pictures[:10] + [covered] * 6 + pictures[16:] + [np.ascontiguousarray(woman(1.4))[:600, :512]] * 12
    track = faces.track([cv2.resize(one, (512, 600)) for one in shown], 30)
    assert track.scene[-1] > track.scene[9]
    assert track.scene[29] != track.scene[30]
    assert not track.seen[10:16].any()
    first, second = track.landmarks[29, 0, :, :2].mean(axis=0), track.landmarks[30, 0, :, :2].mean(axis=0)
    assert np.linalg.norm(first - second) > 20


def test_a_gap_is_bridged_and_a_long_one_is_not():
    """Landmarks of up to 0.4 s without the face are between those around it; longer ones are NaN."""
    points = np.tile(np.arange(60, dtype=np.float32)[:, None, None], (1, 468, 3))
    seen = np.ones(60, bool)
    seen[20:28] = False
    seen[35:55] = False
    points[~seen] = np.nan
    made = faces.smoothed(points, seen, 30)
    assert np.allclose(made[20:28, 0, 0], np.arange(20, 28), atol=0.1)
    assert np.isnan(made[36:54]).all()


def test_a_track_is_kept_and_read_again_and_what_is_none_is_told(tmp_path: Path):
    """The same bytes for the same track; another file is an error."""
    track = faces.track(moving(6), 30)
    for name in ("a.npz", "b.npz"):
        track.save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    again = faces.Track.load(tmp_path / "a.npz")
    assert np.array_equal(again.landmarks, track.landmarks, equal_nan=True)
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 no track")
    with pytest.raises(MediaError, match=r"c\.npz: is no track"):
        faces.Track.load(tmp_path / "c.npz")


def test_what_comes_and_goes_or_lies_in_a_face_is_none():
    """Beside a face that stays: one that is found now and then, one that the mesh is not sure of, and one on its forehead."""
    face = faces.find(admiral(1.0))[0]
    away = faces.placed(face, 1.0, (-600.0, 0.0))
    half = face.landmarks * np.float32([0.5, 0.5, 1]) + np.float32([face.box[0] * 0.6, face.box[1] * 0.5, 0])
    within = faces.Face(half, face.yaw, face.pitch, face.roll, 1.0)
    unsure = faces.Face(away.landmarks, 0, 0, 0, 0.6)
    for other, shown, count in (
        (away, range(60), 2), (away, range(0, 60, 3), 1), (unsure, range(60), 1), (within, range(10, 40), 1),
        (away, range(30, 60), 2), (away, range(57, 60), 1),
    ):  # fmt: skip
        tracker = faces.Tracker(30)
        tracker._rows = [{0: face} | ({1: other} if number in shown else {}) for number in range(60)]
        tracker._scenes = [0] * 60
        assert tracker.finish().landmarks.shape[1] == count, (other.score, shown)
