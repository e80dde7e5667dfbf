"""Reading mp4 boxes: real files of ffmpeg, and files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from talkmill.errors import MediaError
from talkmill.media import ffmpeg, mp4


def plain(folder: Path, *options: str) -> Path:
    path = folder / "plain.mp4"
    ffmpeg.run(
        [
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=160x120:r=25:d=2",
            "-f",
            "lavfi",
            "-i",
            "sine=r=44100:d=2",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-bf",
            "2",
            "-pix_fmt",
            "yuv420p",
            *options,
            "-y",
            ffmpeg.url(path),
        ]
    )
    return path


def test_the_edit_lists_and_late_index_of_ffmpeg_s_defaults_are_seen(tmp_path: Path) -> None:
    """Law: the reader tells a default ffmpeg file from a publishable one."""
    movie = mp4.read(plain(tmp_path))
    assert not movie.fast_start
    assert [track.edits for track in movie.tracks] == [1, 1]
    sound = movie.first("soun")
    assert sound is not None
    assert (sound.rate, sound.channels, sound.object_type) == (44_100, 1, 2)


def test_a_delay_by_b_frames_is_seen(tmp_path: Path) -> None:
    """Law: without negative offsets the first picture is shown late, and the reader says by how much."""
    video = mp4.read(plain(tmp_path, "-use_editlist", "0", "-preset", "medium", "-b_strategy", "0")).first("vide")
    assert video is not None
    assert video.start_seconds >= 0.04
    assert (video.width, video.height, video.samples) == (160, 120, 50)


def test_what_is_no_mp4_is_said_to_be_none(tmp_path: Path) -> None:
    """Law: text, nothing, noise and half a file are people's errors with the file's name."""
    text = tmp_path / "text.mp4"
    text.write_text("This is not a video, however it is named.\n" * 20)
    with pytest.raises(MediaError, match=r"text\.mp4.*not an mp4"):
        mp4.read(text)
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    with pytest.raises(MediaError, match="no moov and mdat"):
        mp4.read(empty)
    with pytest.raises(MediaError, match="cannot be read"):
        mp4.read(tmp_path / "nowhere.mp4")
    whole = plain(tmp_path).read_bytes()
    for share in (0.001, 0.1, 0.5, 0.9, 0.999):
        cut = tmp_path / "cut.mp4"
        cut.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(MediaError):
            mp4.read(cut)


def test_no_damage_of_the_index_is_more_than_a_people_s_error(tmp_path: Path) -> None:
    """Law: flipped bytes give other numbers or a MediaError, never a traceback or an endless loop."""
    import random

    whole = bytearray(plain(tmp_path, "-movflags", "+faststart").read_bytes())
    end = whole.index(b"mdat")
    dice = random.Random(3)  # noqa: S311 - damage, no secret
    path = tmp_path / "damaged.mp4"
    refused = 0
    for _ in range(300):
        copy = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            copy[dice.randrange(end)] = dice.randrange(256)
        path.write_bytes(copy)
        try:
            mp4.read(path)
        except MediaError:
            refused += 1
    assert 0 < refused < 300  # some damage only changes a number
