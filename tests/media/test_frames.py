"""Lossless frames: what is written is read, in any order; how a clip is played under a line."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from talkmill.errors import MediaError
from talkmill.media import frames


def pictures(count: int) -> list[np.ndarray]:
    noise = np.random.default_rng(3).integers(0, 256, (96 * 3 // 2, 64), np.uint8)
    return [np.roll(noise, number, axis=1) for number in range(count)]


def test_every_frame_comes_back_to_the_byte_in_any_order(tmp_path: Path):
    """Forwards, backwards over several chunks, repeated, and from the middle; any value, not only the legal ones of video."""
    made = pictures(70)
    clip = frames.write(made, (64, 96), 25, tmp_path / "a.mkv")
    assert clip.facts == {"frames": 70, "fps": 25, "width": 64, "height": 96}
    for order in (range(70), range(69, -1, -1), [5, 5, 6, 40, 41, 39, 38, 38, 0, 69], [33]):
        read = list(clip.read(list(order)))
        assert len(read) == len(order)
        assert all(np.array_equal(one, made[number]) for one, number in zip(read, order, strict=True))


def test_the_same_frames_are_the_same_bytes(tmp_path: Path):
    """Two files of the same frames do not differ."""
    for name in ("a.mkv", "b.mkv"):
        frames.write(pictures(12), (64, 96), 30, tmp_path / name)
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()


def test_what_is_wrong_with_frames_is_told(tmp_path: Path):
    """No frame, one of another size, a number outside of the clip, a file that is cut off."""
    with pytest.raises(MediaError, match="no frame"):
        frames.write([], (64, 96), 30, tmp_path / "a.mkv")
    with pytest.raises(MediaError, match="frame 1 is no I420 picture of 64x96"):
        frames.write([pictures(1)[0], np.zeros((10, 10), np.uint8)], (64, 96), 30, tmp_path / "a.mkv")
    clip = frames.write(pictures(30), (64, 96), 30, tmp_path / "a.mkv")
    with pytest.raises(MediaError, match="has no frame 30"):
        list(clip.read([30]))
    clip.path.write_bytes(clip.path.read_bytes()[: clip.path.stat().st_size // 2])
    with pytest.raises(MediaError):
        list(clip.read())


def test_rgb_there_and_back_is_the_same_within_rounding():
    """A smooth picture survives 4:2:0 in both directions, at whole and at half size."""
    y, x = np.mgrid[0:120, 0:160]
    picture = np.dstack([40 + x, 60 + y, 200 - x]).astype(np.uint8)
    made = frames.i420(picture)
    assert np.abs(frames.rgb(made).astype(int) - picture).max() <= 3
    assert np.abs(frames.half(made).astype(int) - picture[::2, ::2]).mean() < 2


@pytest.mark.parametrize("count", [1, 2, 20, 90, 400])
@pytest.mark.parametrize("length", [1, 2, 7, 45, 200, 901])
def test_a_clip_is_played_there_and_back_without_a_jump(count, length):
    """Starts and ends at frame 0, goes on by one frame at most, stays within the clip, and uses it."""
    order = frames.there_and_back(count, length, 30)
    assert len(order) == length
    assert order[0] == order[-1] == 0
    assert all(abs(after - before) <= 1 for before, after in pairwise(order))
    assert 0 <= min(order) <= max(order) < count
    if count > 60 and length > 150:
        assert max(order) >= min(count, length // 2) // 2


def test_a_clip_does_not_turn_on_shut_eyes():
    """The turn keeps clear of the frames to avoid, and is as smooth as without."""
    free = frames.there_and_back(200, 120, 30)
    turn = max(free)
    order = frames.there_and_back(200, 120, 30, [[turn - 4, turn + 4], [turn - 12, turn - 6]])
    assert max(order) < turn - 12
    assert order[0] == order[-1] == 0
    assert all(abs(after - before) <= 1 for before, after in pairwise(order))
    assert frames.there_and_back(200, 120, 30, [[3, 8]]) == free


def test_a_clip_that_runs_through_goes_on_where_the_line_before_ended():
    """Two lines are one walk along the clip; at its end it turns."""
    whole = frames.through(50, 130, 0, 30)
    assert frames.play(50, 60, 30, "through", 0) + frames.play(50, 70, 30, "through", 60) == whole
    assert all(abs(after - before) <= 1 for before, after in pairwise(whole))
    assert max(whole) == 49
