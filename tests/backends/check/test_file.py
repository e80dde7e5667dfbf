"""The check: it passes a good file, and fails each bad one for its own reason."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pysubs2
import pytest

from talkmill.backends import Result
from talkmill.backends.caption.libass import Libass
from talkmill.backends.check import seen
from talkmill.backends.check.file import File
from talkmill.backends.render import ffmpeg as render
from talkmill.errors import RequestError
from talkmill.media import encode, ffmpeg, subtitles
from talkmill.media.formats import named
from tests.media.film import FPS, RATE, pictures, speech, words

SIZE = (1080, 1920)
FRAMES = 81


@pytest.fixture(scope="module")
def captions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("captions")
    request = {
        "fps": FPS,
        "frames": FRAMES,
        "language": "en",
        "words": words(),
        "speakers": ["ada", "ben"],
        "styles": {"ada": {}, "ben": {}},
        "formats": ["vertical"],
    }
    files = Libass().run(request, {}, folder).files
    return {"ass": files["ass-vertical"], "fonts-0": files["fonts-0"]}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """AAC at -14 LUFS."""
    return level(tmp_path_factory.mktemp("sound"), -14)


def level(folder: Path, target: float, shift: float = 0.0) -> Path:
    return render.level(speech(folder / "raw.wav", FRAMES, shift), folder, FRAMES * RATE // FPS, target)[0]


def film(folder: Path, captions: dict[str, Path], sound: Path, **spoilt: Any) -> Path:
    path = folder / "film.mp4"
    with subtitles.burner(captions["ass"], [captions["fonts-0"]]) as burner:
        encode.video(pictures(FRAMES, SIZE, **spoilt), SIZE, FPS, sound, path, burner=burner)
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, captions: dict[str, Path], sound: Path) -> Path:
    return film(tmp_path_factory.mktemp("good"), captions, sound)


def check(folder: Path, video: Path, captions: dict[str, Path], **changes: Any) -> Result:
    request = {"format": "vertical", "fps": FPS, "frames": FRAMES, "loudness": -14} | changes
    work = folder / "check"
    work.mkdir()
    result = File().run(request, {"video": video, **captions}, work)
    report = json.loads(result.files["report"].read_text("utf-8"))
    assert report["verdict"] == result.facts["verdict"] == ("fail" if result.facts["failures"] else "pass")
    assert report["failures"] == result.facts["failures"]
    return result


def remux(video: Path, target: Path, *options: str) -> Path:
    ffmpeg.run(["-i", ffmpeg.url(video), "-c", "copy", *options, "-y", ffmpeg.url(target)])
    return target


def test_a_good_file_passes_with_every_measure(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: a file by our own recipe has no failure; the report holds each measure with its limit."""
    result = check(tmp_path, good, captions)
    assert result.facts["failures"] == []
    measures = result.facts["measures"]
    assert measures["frames"] == FRAMES
    assert measures["edit_lists"] == 0
    assert measures["start_ms"] == [0, 0]
    assert abs(measures["loudness"] + 14) <= 0.5
    assert abs(measures["speech_against_captions_ms"]) <= 50
    assert measures["frozen_seconds"] < 0.5
    assert measures["caption_box"][0] >= 60
    report = json.loads(result.files["report"].read_text("utf-8"))
    assert all({"name", "value", "limit", "verdict"} <= set(one) for one in report["measures"])


def test_the_report_is_the_same_every_time(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: same request, same bytes, also on a busy machine: what is measured never depends on how threads take turns."""

    def report(number: int) -> bytes:
        folder = tmp_path / str(number)
        folder.mkdir()
        return check(folder, good, captions).files["report"].read_bytes()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(report, range(12)))) == 1


def test_edit_lists_and_a_late_index_fail(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: a remux by ffmpeg's defaults, which every tool does, is caught."""
    failures = check(tmp_path, remux(good, tmp_path / "remux.mp4"), captions).facts["failures"]
    assert any("behind the media" in line for line in failures)
    assert any("edit lists" in line or "start" in line for line in failures)


def test_wrong_loudness_fails(tmp_path: Path, captions: dict[str, Path]) -> None:
    """Law: 4 LU too quiet is named with its number."""
    failures = check(tmp_path, film(tmp_path, captions, level(tmp_path, -18)), captions).facts["failures"]
    assert failures == [line for line in failures if line.startswith("sound: -18") and "not -14" in line]
    assert failures


def test_a_wrong_number_of_frames_fails(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: one frame more than was asked for is one failure about frames and one about length."""
    failures = check(tmp_path, good, captions, frames=FRAMES - 1).facts["failures"]
    assert f"picture: {FRAMES} frames, not {FRAMES - 1}" in failures


def test_sound_that_is_shifted_by_the_container_fails(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: a delayed sound track is caught, whichever way the container says it."""
    path = tmp_path / "late.mp4"
    ffmpeg.run(
        [
            "-i",
            ffmpeg.url(good),
            "-itsoffset",
            "0.2",
            "-i",
            ffmpeg.url(good),
            "-map",
            "0:v",
            "-map",
            "1:a",
            "-c",
            "copy",
            "-movflags",
            "+faststart",
            "-y",
            ffmpeg.url(path),
        ]
    )
    assert check(tmp_path, path, captions).facts["verdict"] == "fail"


@pytest.mark.parametrize("shift", [0.25, -0.25])
def test_speech_that_is_shifted_against_the_captions_fails(tmp_path: Path, captions: dict[str, Path], shift: float) -> None:
    """Law: a container in perfect order with speech a quarter of a second off is still out of step."""
    failures = check(tmp_path, film(tmp_path, captions, level(tmp_path, -14, shift)), captions).facts["failures"]
    assert len(failures) == 1
    assert ("late" if shift > 0 else "early") in failures[0]


def test_sound_of_another_length_fails(tmp_path: Path, captions: dict[str, Path]) -> None:
    """Law: more than one frame between the ends of sound and picture."""
    source = speech(tmp_path / "s.wav", FRAMES)
    encode.sound(source, tmp_path / "s.m4a", (FRAMES + 3) * RATE // FPS)
    failures = check(tmp_path, film(tmp_path, captions, tmp_path / "s.m4a"), captions).facts["failures"]
    assert any("s of sound for" in line for line in failures)


def test_a_still_picture_fails_though_its_captions_move(tmp_path: Path, captions: dict[str, Path], sound: Path) -> None:
    """Law: 0.8 s without movement is a frozen face, whatever the highlight does meanwhile."""
    failures = check(tmp_path, film(tmp_path, captions, sound, still=(30, 54)), captions).facts["failures"]
    assert len(failures) == 1
    assert "nothing moves for 0.8" in failures[0]


def test_black_pictures_fail(tmp_path: Path, captions: dict[str, Path], sound: Path) -> None:
    """Law: a third of a second of black is caught."""
    failures = check(tmp_path, film(tmp_path, captions, sound, black=(40, 50)), captions).facts["failures"]
    assert any("black for 0." in line for line in failures)


def test_what_lasts_over_the_join_of_two_stretches_is_seen_whole(
    tmp_path: Path, captions: dict[str, Path], sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: the video is decoded in stretches; a still or black one is as long as it is, wherever they join, and no picture is
    lost or seen twice."""
    video = film(tmp_path, captions, sound, still=(30, 54))
    words = (0, 1000, 1080, 1600)
    whole = seen.look(video, named("vertical"), FPS, FRAMES, words)
    assert whole.frozen == pytest.approx(0.8, abs=0.1)
    assert whole.pictures == FRAMES * 6 // 15 + 1  # of fifteen pictures, those that others build on
    for length in (0.4, 0.7, 1.1):
        monkeypatch.setattr(seen, "STRETCH", length)
        parts = seen.look(video, named("vertical"), FPS, FRAMES, words)
        assert (parts.pictures, parts.black) == (whole.pictures, whole.black)
        assert (parts.frozen, parts.frozen_at) == pytest.approx((whole.frozen, whole.frozen_at), abs=1e-3)


def spoilt(captions: dict[str, Path], folder: Path, old: str, new: str) -> dict[str, Path]:
    text = captions["ass"].read_text("utf-8")
    assert old in text
    path = folder / "spoilt.ass"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return captions | {"ass": path}


def test_a_caption_out_of_bounds_fails(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: measured on the drawn pixels: moved to the right, it lies under the apps' buttons."""
    failures = check(tmp_path, good, spoilt(captions, tmp_path, "\\pos(540,", "\\pos(760,")).facts["failures"]
    assert any("reach into the area" in line for line in failures)


def test_a_missing_glyph_fails(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: a character that the given fonts do not have is named."""
    failures = check(tmp_path, good, spoilt(captions, tmp_path, "Nobody", "Nob漢dy")).facts["failures"]
    assert "captions: no glyph for 漢" in failures


def test_another_font_than_the_wanted_fails(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: libass's silent fallback is a failure."""
    failures = check(tmp_path, good, spoilt(captions, tmp_path, "Poppins ExtraBold", "Helvetica Neue")).facts["failures"]
    assert any("Helvetica Neue" in line for line in failures)


def test_text_and_half_a_file_fail_in_plain_words(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: what is no video is a failed check with one sentence, not a traceback."""
    text = tmp_path / "text.mp4"
    text.write_text("hello")
    assert "not an mp4" in check(tmp_path, text, captions).facts["failures"][0]
    shutil.rmtree(tmp_path / "check")
    half = tmp_path / "half.mp4"
    half.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    assert "cut off" in check(tmp_path, half, captions).facts["failures"][0]


def test_damaged_media_fail(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: an index in order with zeros in the media does not decode to its end."""
    data = bytearray(good.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    assert check(tmp_path, path, captions).facts["verdict"] == "fail"


def test_captions_that_are_no_ass_file_fail(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: an unreadable caption file is a failed check."""
    path = tmp_path / "bad.ass"
    path.write_bytes(b"\xff\xfe\x00nothing")
    assert any("no ASS file" in line for line in check(tmp_path, good, captions | {"ass": path}).facts["failures"])


def test_a_video_without_captions_can_pass(tmp_path: Path, sound: Path) -> None:
    """Law: captions are measured where there are some."""
    encode.video(pictures(FRAMES, SIZE), SIZE, FPS, sound, tmp_path / "film.mp4")
    result = check(tmp_path, tmp_path / "film.mp4", {})
    assert result.facts["verdict"] == "pass"
    assert "caption_box" not in result.facts["measures"]


def test_an_unknown_shape_is_a_wrong_request(tmp_path: Path, good: Path) -> None:
    """Law: the shapes are named."""
    with pytest.raises(RequestError, match="vertical, square, wide"):
        File().run({"format": "round", "fps": 30, "frames": 1, "loudness": -14}, {"video": good}, tmp_path)


def test_a_check_is_quick(tmp_path: Path, good: Path, captions: dict[str, Path]) -> None:
    """Law: three seconds of video are checked in well under three seconds."""
    start = time.process_time()
    check(tmp_path, good, captions)
    assert time.process_time() - start < 3


def test_states_are_drawn_once_each(captions: dict[str, Path]) -> None:
    """Law: highlights do not multiply the work: one look a caption, not one a word."""
    from talkmill.backends.check import drawn
    from talkmill.media.formats import named

    events = len(pysubs2.load(str(captions["ass"])))
    assert drawn.look(captions["ass"], [captions["fonts-0"]], named("vertical")).states < events / 2
