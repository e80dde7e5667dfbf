"""The render backend: level, encode, cover; faces stand in for the picture, which has tests of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from talkmill.backends.caption.libass import Libass
from talkmill.backends.check.file import File
from talkmill.backends.render.ffmpeg import PEAK, Ffmpeg, cover_frame, level
from talkmill.errors import BackendError
from talkmill.media import mp4
from tests.media.film import FPS, RATE, pictures, speech, words

FRAMES = (45, 36)


def face(character: str, start: int, frames: int, curves: str = "0") -> dict[str, Any]:
    """A face that speaks."""
    return {
        "character": character, "start": start, "frames": frames, "curves": curves, "speaks": True, "towards": None,
    }  # fmt: skip


class Studio:
    """Moving shapes of the right size and number."""

    def __init__(self, **given: Any) -> None:
        self.given = given
        self.count = sum(shot["frames"] for shot in given["shots"])

    def frames(self) -> Iterator[np.ndarray]:
        yield from pictures(self.count, self.given["size"])

    def still(self, frame: int) -> np.ndarray:
        width, height = self.given["size"]
        return np.full((height, width, 3), frame, np.uint8)


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], dict[str, Path]]:
    """A request and inputs of two shots with captions."""
    monkeypatch.setattr("talkmill.picture.compositor.Studio", Studio)
    monkeypatch.setattr("talkmill.picture.rig.Rig.load", lambda path, layers: (path, layers))
    made = tmp_path / "made"
    made.mkdir()
    captions = Libass().run(
        {
            "fps": FPS,
            "frames": sum(FRAMES),
            "language": "en",
            "words": words(),
            "speakers": ["ada", "ben"],
            "styles": {},
            "formats": ["vertical"],
        },
        {},
        made,
    )
    inputs = {
        "master": speech(made / "master.wav", sum(FRAMES)),
        "ass": captions.files["ass-vertical"],
        "fonts-0": captions.files["fonts-0"],
    }
    for index, frames in enumerate(FRAMES):
        path = made / f"curves-{index}.json"
        lips = [0.0] * frames
        lips[frames // 2] = 0.45
        path.write_text(json.dumps({"fps": FPS, "frames": frames, "curves": {"open": lips, "blink": [0.0] * frames}}))
        inputs[f"curves:{index}"] = path
    for name in ("ada", "ben"):
        inputs[f"rig:{name}"] = inputs[f"layer:{name}:head"] = inputs["curves:0"]
    request = {
        "format": "vertical",
        "fps": FPS,
        "seed": 1,
        "loudness": -14,
        "scenes": {"ada": {"name": "Ada"}, "ben": {"name": "Ben"}},
        "shots": [
            {"cast": ["ada"], "start": 0, "frames": FRAMES[0]},
            {"cast": ["ben"], "start": FRAMES[0], "frames": FRAMES[1]},
        ],
        "faces": [face("ada", 0, FRAMES[0], "0"), face("ben", FRAMES[0], FRAMES[1], "1")],
        "order": ["ada", "ben"],
    }
    return request, inputs


def test_what_comes_out_passes_the_check(tmp_path: Path, job: tuple[dict[str, Any], dict[str, Path]]) -> None:
    """Law: render's video passes every hard check, its facts are true, and its folder holds the two files only."""
    request, inputs = job
    work = tmp_path / "work"
    work.mkdir()
    result = Ffmpeg().run(request, inputs, work)
    assert sorted(path.name for path in work.iterdir()) == ["cover.jpg", "vertical.mp4"]
    assert result.facts["frames"] == sum(FRAMES)
    assert result.facts["samples"] == sum(FRAMES) * RATE // FPS
    assert (result.facts["width"], result.facts["height"], result.facts["fps"]) == (1080, 1920, FPS)
    checked = File().run(
        {"format": "vertical", "fps": FPS, "frames": sum(FRAMES), "loudness": -14},
        {"video": result.files["video"], "ass": inputs["ass"], "fonts-0": inputs["fonts-0"]},
        tmp_path,
    )
    assert checked.facts["failures"] == []
    assert checked.facts["measures"]["loudness"] == pytest.approx(result.facts["loudness"], abs=0.11)
    assert checked.facts["measures"]["true_peak"] == pytest.approx(result.facts["true_peak"], abs=0.11)


def test_the_same_request_gives_the_same_bytes(tmp_path: Path, job: tuple[dict[str, Any], dict[str, Path]]) -> None:
    """Law: video and cover are the same to the byte."""
    request, inputs = job
    bytes_of = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        result = Ffmpeg().run(request, inputs, tmp_path / name)
        bytes_of.append([path.read_bytes() for path in result.files.values()])
    assert bytes_of[0] == bytes_of[1]


def test_without_captions_nothing_is_burnt_in(tmp_path: Path, job: tuple[dict[str, Any], dict[str, Path]]) -> None:
    """Law: no `ass`, no captions, the same length."""
    request, inputs = job
    plain = {key: path for key, path in inputs.items() if key != "ass" and not key.startswith("fonts")}
    result = Ffmpeg().run(request, plain, tmp_path)
    assert mp4.read(result.files["video"]).tracks[0].samples == sum(FRAMES)


def test_curves_of_another_length_are_refused(tmp_path: Path, job: tuple[dict[str, Any], dict[str, Path]]) -> None:
    """Law: a face that is not as long as its shot is an error before anything is encoded."""
    request, inputs = job
    request["faces"][1]["frames"] += 1
    with pytest.raises(BackendError, match="the face 1 has another length"):
        Ffmpeg().run(request, inputs, tmp_path)


def test_the_sound_reaches_the_target_as_it_is_heard(tmp_path: Path) -> None:
    """Law: measured on the decoded AAC: within 0.4 LU, at most -1 dBTP, at two targets."""
    master = speech(tmp_path / "m.wav", 90, gain=0.02)
    for target in (-14.0, -18.0):
        _, heard = level(master, tmp_path, 90 * RATE // FPS, target)
        assert abs(heard.integrated - target) <= 0.4
        assert heard.true_peak <= PEAK


def test_silence_cannot_be_levelled_and_is_said_so(tmp_path: Path) -> None:
    """Law: a master without sound is an error, not a silent video."""
    import wave

    from talkmill.errors import TalkmillError

    with wave.open(str(tmp_path / "m.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(2 * RATE * 2))
    with pytest.raises(TalkmillError):
        level(tmp_path / "m.wav", tmp_path, 2 * RATE, -14)


def test_the_cover_has_open_eyes_and_a_speaking_mouth() -> None:
    """Law: neither a blink, nor a shut or gaping mouth, nor the frame beside a blink."""
    lips = [0.0, 0.45, 0.45, 1.0, 0.45, 0.0]
    blink = [0.0, 1.0, 0.8, 0.0, 0.0, 0.0]
    many = {"frames": 12, "curves": {"open": [*lips[:4], 0.2, 0.2, *lips], "blink": [*blink[:3], *[0.0] * 9]}}
    shots = [{"cast": ["ada"], "start": 0, "frames": 15}]
    assert cover_frame({"shots": shots, "faces": [face("ada", 0, 12)]}, [many]) == 7
    dull = {"frames": 3, "curves": {}}
    assert cover_frame({"shots": shots, "faces": [face("ada", 0, 3), face("ada", 3, 12)]}, [dull, many]) == 10
    silent = {**face("ben", 0, 12), "speaks": False}
    assert cover_frame({"shots": shots, "faces": [silent, face("ada", 3, 12)]}, [many, many]) == 10
