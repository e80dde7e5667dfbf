"""The encode: what is in the file, that sound and picture are in step, and how it fails."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from talkmill.errors import MediaError, PrerequisiteError
from talkmill.media import encode, ffmpeg, mp4
from tests.media.film import FPS, RATE, pictures, speech

SIZE = (320, 576)


def make(folder: Path, frames: int = 45, fps: int = FPS, name: str = "v.mp4") -> Path:
    samples = frames * RATE // fps
    source = speech(folder / "s.wav", 200)
    encode.sound(source, folder / "s.m4a", samples)
    encode.video(pictures(frames, SIZE), SIZE, fps, folder / "s.m4a", folder / name)
    return folder / name


@pytest.mark.parametrize(("frames", "fps"), [(45, 30), (31, 24), (50, 25), (77, 50), (101, 60)])
def test_the_file_is_what_platforms_ask_for(tmp_path: Path, frames: int, fps: int) -> None:
    """Law: no edit list, index first, even frames, both tracks start at 0 and have the same length to the sample."""
    movie = mp4.read(make(tmp_path, frames, fps))
    video, sound = movie.first("vide"), movie.first("soun")
    assert video is not None
    assert sound is not None
    assert movie.fast_start
    assert (video.edits, sound.edits) == (0, 0)
    assert (video.samples, video.constant, video.seconds) == (frames, True, pytest.approx(frames / fps))
    assert (video.first_offset, sound.first_offset) == (0, 0)
    assert sound.total == frames * RATE // fps
    assert (video.codec, video.profile, video.level, video.colour) == ("avc1", 100, 42, (1, 1, 1, False))
    assert (sound.codec, sound.object_type, sound.rate, sound.channels) == ("mp4a", 2, 48_000, 2)


def test_a_flash_and_a_click_of_the_same_moment_come_out_at_the_same_moment(tmp_path: Path) -> None:
    """Law: the sound is in step with the picture to the sample, though no edit list says so (start, middle and end)."""
    frames, per_frame = 90, RATE // FPS
    moments = (4, 40, 84)
    sound = np.zeros(frames * per_frame, np.float32)
    stack = np.full((frames, SIZE[1] * 3 // 2, SIZE[0]), 128, np.uint8)
    stack[:, : SIZE[1]] = 40
    for moment in moments:
        sound[moment * per_frame : moment * per_frame + 48] = 0.9
        stack[moment, : SIZE[1]] = 220
    raw = tmp_path / "click.f32"
    raw.write_bytes(sound.tobytes())
    ffmpeg.run(["-f", "f32le", "-ar", "48000", "-ac", "1", "-i", ffmpeg.url(raw), "-y", ffmpeg.url(tmp_path / "c.wav")])
    encode.sound(tmp_path / "c.wav", tmp_path / "c.m4a", len(sound))
    encode.video(iter(stack), SIZE, FPS, tmp_path / "c.m4a", tmp_path / "c.mp4")
    heard = np.frombuffer(
        ffmpeg.run(["-i", ffmpeg.url(tmp_path / "c.mp4"), "-map", "0:a", "-ac", "1", "-f", "f32le", "-"])[0], "<f4"
    )
    seen = np.frombuffer(
        ffmpeg.run(
            ["-i", ffmpeg.url(tmp_path / "c.mp4"), "-map", "0:v", "-vf", "scale=1:1,format=gray", "-f", "rawvideo", "-"]
        )[0],
        np.uint8,
    )
    assert len(seen) == frames
    for moment in moments:
        window = np.abs(heard[(moment - 3) * per_frame : (moment + 3) * per_frame])
        loud = np.flatnonzero(window > 0.4)
        assert abs(loud[0] + (moment - 3) * per_frame - moment * per_frame) <= 48
        assert seen[moment] > 150
        assert seen[moment - 1] < 100


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    """Law: the encode is deterministic: threads are fixed, and no date and no version is written."""
    first = make(tmp_path, name="a.mp4").read_bytes()
    assert make(tmp_path, name="b.mp4").read_bytes() == first
    assert b"Lavf" not in first[:4096]


def test_groups_of_pictures_are_closed_and_half_a_second_long(tmp_path: Path) -> None:
    """Law: a keyframe every fps // 2 frames, nowhere else."""
    make(tmp_path, 60)
    _, log = ffmpeg.run(["-i", ffmpeg.url(tmp_path / "v.mp4"), "-map", "0:v", "-vf", "showinfo=checksum=0", "-f", "null", "-"])
    keys = [int(line.split(" n:")[1].split()[0]) for line in log.splitlines() if " n:" in line and "iskey:1" in line]
    assert keys == [0, 15, 30, 45]


def test_colours_survive_the_encode(tmp_path: Path) -> None:
    """Law: BT.709 in, BT.709 out: a colour comes back within 3 levels, captions or not."""
    width, height = SIZE
    frame = np.empty((height * 3 // 2, width), np.uint8)
    frame[:height] = 63  # pure red, BT.709, video range: Y 63, Cb 102, Cr 240
    planes = frame[height:].reshape(-1)
    planes[: len(planes) // 2], planes[len(planes) // 2 :] = 102, 240
    speech(tmp_path / "s.wav", 60)
    encode.sound(tmp_path / "s.wav", tmp_path / "s.m4a", 32_000)
    encode.video([frame] * 20, SIZE, FPS, tmp_path / "s.m4a", tmp_path / "v.mp4")
    out, _ = ffmpeg.run(
        ["-i", ffmpeg.url(tmp_path / "v.mp4"), "-frames:v", "1", "-vf", "scale=16:16,format=rgb24", "-f", "rawvideo", "-"]
    )
    rgb = np.frombuffer(out, np.uint8).reshape(-1, 3).mean(axis=0)
    assert np.allclose(rgb, (255, 0, 0), atol=4)


def program(folder: Path, body: str) -> str:
    path = folder / "fake-ffmpeg"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_an_ffmpeg_that_dies_gives_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: a dead encoder is an error with what it said, never a hang and never half a file."""
    speech(tmp_path / "s.wav", 60)
    encode.sound(tmp_path / "s.wav", tmp_path / "s.m4a", 48_000)
    monkeypatch.setenv("TALKMILL_FFMPEG", program(tmp_path, "head -c 1000 >/dev/null; echo 'Error: the sky fell' >&2; exit 3"))
    with pytest.raises(MediaError, match=r"v\.mp4 stopped early .*exit code 3.*the sky fell"):
        encode.video(pictures(30, SIZE), SIZE, FPS, tmp_path / "s.m4a", tmp_path / "v.mp4")
    assert not (tmp_path / "v.mp4").exists()


def test_an_ffmpeg_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law: an encoder that takes no frame for `STALL` seconds is ended with an error."""
    monkeypatch.setenv("TALKMILL_FFMPEG", program(tmp_path, "exec sleep 60"))
    monkeypatch.setattr(encode, "STALL", 0.3)
    with pytest.raises(MediaError, match="took no frame"):
        encode.video(pictures(30, SIZE), SIZE, FPS, tmp_path / "s.m4a", tmp_path / "v.mp4")


def test_an_error_while_drawing_ends_ffmpeg_and_leaves_no_video(tmp_path: Path) -> None:
    """Law: what goes wrong in the frames is what is raised; no process is left behind."""

    def frames():
        yield from pictures(5, SIZE)
        raise ValueError("no more")

    speech(tmp_path / "s.wav", 60)
    encode.sound(tmp_path / "s.wav", tmp_path / "s.m4a", 48_000)
    with pytest.raises(ValueError, match="no more"):
        encode.video(frames(), SIZE, FPS, tmp_path / "s.m4a", tmp_path / "v.mp4")
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_full_disk_is_said_as_such(tmp_path: Path) -> None:
    """Law: "No space left on device" is about the machine, and the message says to free space."""
    error = encode.failure("[out#0] Error writing trailer: No space left on device\nConversion failed!", tmp_path / "v.mp4", 1)
    assert isinstance(error, PrerequisiteError)
    assert "disk is full" in str(error)


def test_an_ffmpeg_without_captions_or_h264_is_said_as_such(tmp_path: Path) -> None:
    """Law: a user's own ffmpeg that lacks libass or x264 is a prerequisite, with the cure."""
    for log, part in (("[AVFilterGraph] No such filter: 'ass'", "ass"), ("Unknown encoder 'libx264'", "libx264")):
        error = encode.failure(log, tmp_path / "v.mp4", 1)
        assert isinstance(error, PrerequisiteError)
        assert f"({part}). Remove ffmpeg.path" in str(error)


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    """Law: a wrong frame is an error, not a sheared picture."""
    speech(tmp_path / "s.wav", 60)
    encode.sound(tmp_path / "s.wav", tmp_path / "s.m4a", 48_000)
    with pytest.raises(MediaError, match="no I420 picture"):
        encode.video(pictures(3, (160, 288)), SIZE, FPS, tmp_path / "s.m4a", tmp_path / "v.mp4")


def test_a_cover_is_a_jpeg_of_the_picture_s_size(tmp_path: Path) -> None:
    """Law: JPEG, full size, well under 2 MB even for noise."""
    from PIL import Image

    noise = np.random.default_rng(1).integers(0, 256, (1920, 1080, 3), np.uint8)
    encode.still(noise // 2 + 60, tmp_path / "c.jpg")
    with Image.open(tmp_path / "c.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (1080, 1920))
    assert (tmp_path / "c.jpg").stat().st_size < 2_000_000
