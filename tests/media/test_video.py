"""A user's videos become frames: upright, of constant rate, square pixels, BT.709; or are refused with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talkmill.errors import MediaError
from talkmill.media import ffmpeg, frames, video


def film(path: Path, *options: str, size: str = "320x180", rate: int = 25, seconds: float = 2) -> Path:
    """A grey picture whose left quarter is white, with noise, and a bar that moves."""
    source = f"testsrc2=s={size}:r={rate}:d={seconds},drawbox=w=iw/4:h=ih:color=white:t=fill"
    ffmpeg.run(["-f", "lavfi", "-i", source, *(options or ("-pix_fmt", "yuv420p")), "-y", ffmpeg.url(path)])
    return path


def test_a_video_is_brought_to_the_projects_frames(tmp_path: Path):
    """2 seconds at 25 are 60 frames at 30; the picture is the same."""
    clip, source, notes = video.decode(film(tmp_path / "a.mp4"), 30, tmp_path / "a.mkv")
    assert clip.facts == {"frames": 60, "fps": 30, "width": 320, "height": 180}
    assert source.facts == {"codec": "h264", "fps": 25.0, "width": 320, "height": 180, "seconds": 2.0}
    assert notes == ["brought from 25 to 30 frames a second"]
    read = list(clip.read())
    assert len(read) == 60
    assert frames.rgb(read[30])[:, :70].mean() > 245


def test_rotation_is_honoured(tmp_path: Path):
    """A phone's video that is stored on its side is seen upright: what was at the left is at the bottom or top."""
    film(tmp_path / "a.mp4")
    ffmpeg.run(["-display_rotation", "90", "-i", ffmpeg.url(tmp_path / "a.mp4"), "-c", "copy", ffmpeg.url(tmp_path / "b.mp4")])
    clip, source, notes = video.decode(tmp_path / "b.mp4", 25, tmp_path / "b.mkv")
    assert (clip.width, clip.height) == (source.width, source.height) == (180, 320)
    assert notes == ["turned by 90 degrees as the file says"]
    picture = frames.rgb(next(clip.read([10])))
    assert max(picture[:60].mean(), picture[-60:].mean()) > 245


def test_a_varying_frame_rate_becomes_constant(tmp_path: Path):
    """Frames stand where they were in time: a white flash at 1.5 s is at frame 45."""
    keep = "select='not(mod(n,7))+not(mod(n,3))',drawbox=color=white:t=fill:enable='between(t,1.5,1.6)'"
    path = film(tmp_path / "a.mp4", "-vf", keep, "-fps_mode", "vfr", "-pix_fmt", "yuv420p", rate=60)
    clip, _, notes = video.decode(path, 30, tmp_path / "a.mkv")
    assert notes == ["its varying frame rate made a constant 30"]
    assert clip.frames == pytest.approx(60, abs=1)
    bright = [frames.rgb(frame)[20:-20, 100:].mean() > 250 for frame in clip.read()]
    assert 44 <= bright.index(True) <= 46


def test_odd_videos_are_made_ordinary(tmp_path: Path):
    """HDR, 4:4:4 with odd sides, oblong pixels, ultra high definition."""
    hdr = "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
    found = {
        "hdr": film(tmp_path / "hdr.mp4", "-vf", hdr, "-c:v", "libx265", seconds=1),
        "odd": film(tmp_path / "odd.mp4", "-pix_fmt", "yuv444p", size="321x179", seconds=1),
        "oblong": film(tmp_path / "oblong.mp4", "-vf", "setsar=2/1", "-pix_fmt", "yuv420p", seconds=1),
        "large": film(tmp_path / "large.mp4", "-preset", "ultrafast", "-pix_fmt", "yuv420p", size="3840x2160", seconds=0.6),
    }
    made = {name: video.decode(path, 25, tmp_path / f"{name}.mkv") for name, path in found.items()}
    assert {name: (clip.width, clip.height) for name, (clip, _, _) in made.items()} == {
        "hdr": (320, 180), "odd": (320, 178), "oblong": (640, 180), "large": (1920, 1080),
    }  # fmt: skip
    assert made["hdr"][2] == ["brought from HDR to BT.709"]
    assert made["oblong"][2] == ["its pixels made square"]
    assert made["large"][2] == ["reduced from 3840x2160 to 1920x1080"]
    white = frames.rgb(next(made["hdr"][0].read([3])))[:, :60].mean()
    assert white > 150


def test_a_part_of_a_video_is_taken(tmp_path: Path):
    """From second 0.8 to 1.6 at 25 frames a second are 20 frames, the first of which is frame 20 of the whole."""
    path = film(tmp_path / "a.mp4")
    part, _, _ = video.decode(path, 25, tmp_path / "part.mkv", 0.8, 1.6)
    whole, _, _ = video.decode(path, 25, tmp_path / "whole.mkv")
    assert part.frames == 20
    assert np.array_equal(next(part.read([0])), next(whole.read([20])))


def test_videos_that_cannot_be_used_are_refused_with_a_cure(tmp_path: Path):
    """Cut off in two ways, no video, no picture, too short, too long, too small."""
    whole = film(tmp_path / "a.mp4", "-pix_fmt", "yuv420p", "-movflags", "+faststart", seconds=4)
    data = whole.read_bytes()
    (tmp_path / "head.mp4").write_bytes(data[: len(data) // 2])
    late = film(tmp_path / "late.mp4", seconds=1).read_bytes()
    (tmp_path / "tail.mp4").write_bytes(late[: len(late) // 2])
    (tmp_path / "text.mp4").write_text("no video")
    ffmpeg.run(["-f", "lavfi", "-i", "sine=d=1", ffmpeg.url(tmp_path / "sound.mp4")])
    film(tmp_path / "short.mp4", seconds=0.2)
    film(tmp_path / "small.mp4", size="96x64")
    film(tmp_path / "long.mp4", "-pix_fmt", "yuv420p", "-preset", "ultrafast", size="160x130", rate=1, seconds=700)
    told = {
        "head": r"is cut off: \d\.\d of its 4\.0 seconds",
        "tail": "cannot be read as a video",
        "text": "cannot be read as a video",
        "sound": "cannot be read as a video",
        "short": "is too short",
        "small": r"is too small \(96x64 pixels\)",
        "long": r"is too long \(700 s, 600 s at most\)",
    }
    for name, words in told.items():
        with pytest.raises(MediaError, match=words) as error:
            video.decode(tmp_path / f"{name}.mp4", 25, tmp_path / "out.mkv")
        assert str(error.value).endswith(".")
