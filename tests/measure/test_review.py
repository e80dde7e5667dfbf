"""`talkmill check FILE` on real clips: the right one, the wrong ones, and what is no video of ours."""

from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image

from benchmarks.controls import CONTROLS
from talkmill.cli import main
from talkmill.media import ffmpeg


def told(capsys, *arguments):
    """Exit code, output and errors of a command."""
    code = main(["check", *map(str, arguments)])
    done = capsys.readouterr()
    return code, done.out, done.err


def test_a_delivered_clip_is_within_its_limits(delivered, capsys):
    """What the real backends make passes, measured from the mp4 alone; the JSON has what it should."""
    code, out, err = told(capsys, delivered, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert set(found) == {"format", "file", "verdict", "lip_sync", "note", "measures", "shapes", "closures", "faces"}
    assert (found["format"], found["file"], found["verdict"], found["lip_sync"]) == (1, "vertical.mp4", "pass", True)
    for one in found["measures"]:
        assert set(one) - {"what"} == {"name", "value", "limit", "verdict"}
        assert one["verdict"] in ("pass", "fail", "not judged")
        assert one["verdict"] == "pass" or one["what"]
    names = [one["name"] for one in found["measures"]]
    assert len(names) == len(set(names))
    assert {"container_offset_ms", "sound_late_ms", "closure_median_ms", "shut", "shapes", "still", "flicker"} <= set(names)
    assert len(found["closures"]) >= 8
    (face,) = found["faces"]
    assert face["character"] == "milo"
    assert len(face["opening"]) == len(face["width"]) > 60
    assert max(value for value in face["opening"] if value is not None) > 0.5


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_a_wrong_mouth_fails_clearly(shop, clip, control, capsys):
    """Driven by loudness, 120 ms off, or backwards: each misses several limits, by far."""
    code, out, _ = told(capsys, shop.make(clip, control), "--json")
    measures = {one["name"]: one for one in json.loads(out)["measures"]}
    assert code == 1
    assert sum(one["verdict"] == "fail" for one in measures.values()) >= 3
    assert measures["closure_95_ms"]["value"] > 100
    assert measures["shapes"]["value"]["mean"] < 0.55


def test_the_picture_is_drawn(delivered, tmp_path, capsys):
    """It is as wide as it should be, not empty, and of the same bytes each time."""
    for name in ("a.png", "b.png"):
        assert told(capsys, delivered, "--picture", tmp_path / name)[0] == 0
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width == 1800
        assert len(picture.getcolors(1 << 24)) > 500
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_file_without_a_manifest_is_looked_at_as_far_as_it_goes(delivered, tmp_path, capsys):
    """Container and tracks are judged, and it is said that lip sync is not."""
    shutil.copy(delivered, tmp_path / "foreign.mp4")
    code, out, _ = told(capsys, tmp_path / "foreign.mp4", "--json")
    found = json.loads(out)
    assert (code, found["verdict"], found["lip_sync"]) == (0, "pass", False)
    assert "manifest" in found["note"]
    assert "shapes" not in {one["name"] for one in found["measures"]}


def test_a_picture_of_what_is_not_measured_is_an_error(delivered, tmp_path, capsys):
    """One line, and no file."""
    shutil.copy(delivered, tmp_path / "foreign.mp4")
    code, _, err = told(capsys, tmp_path / "foreign.mp4", "--picture", tmp_path / "out.png")
    assert (code, err.count("\n")) == (1, 1)
    assert not (tmp_path / "out.png").exists()


def test_a_file_without_sound_fails_and_says_so(delivered, tmp_path, capsys):
    """There is a manifest, and still nothing to hold the picture against."""
    shutil.copy(delivered.parent / "manifest.json", tmp_path)
    ffmpeg.run(["-i", ffmpeg.url(delivered), "-an", "-c", "copy", "-use_editlist", "0", ffmpeg.url(tmp_path / "vertical.mp4")])
    code, out, _ = told(capsys, tmp_path / "vertical.mp4", "--json") if (tmp_path / "store").exists() else (None, None, None)
    assert code is None
    shutil.copytree(delivered.parents[3] / "store", tmp_path / "store")
    code, out, _ = told(capsys, tmp_path / "vertical.mp4", "--json")
    found = json.loads(out)
    assert (code, found["verdict"], found["lip_sync"]) == (1, "fail", False)
    assert "no sound" in found["note"]


@pytest.mark.parametrize("kind", ["missing", "text", "cut", "folder"])
def test_what_is_no_video_is_one_line(delivered, tmp_path, capsys, kind):
    """No traceback: what is wrong and what to do."""
    path = tmp_path / "bad.mp4"
    if kind == "text":
        path.write_text("Hello, this is no video.\n" * 20)
    elif kind == "cut":
        path.write_bytes(delivered.read_bytes()[: delivered.stat().st_size // 2])
    elif kind == "folder":
        path.mkdir()
    code, out, err = told(capsys, path)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "bad.mp4" in err


@pytest.mark.parametrize("text", ["{", "[]", '{"formats": 3}', '{"formats": []}'])
def test_a_damaged_manifest_is_one_line(delivered, tmp_path, capsys, text):
    """Or, where it is another video's, as if there were none."""
    shutil.copy(delivered, tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    code, out, err = told(capsys, tmp_path / "vertical.mp4")
    assert err.count("\n") <= 1
    assert (code == 1 and "manifest.json" in err) or "not measured" in out


def test_a_lost_store_is_one_line(delivered, tmp_path, capsys, monkeypatch):
    """A video that was carried away from its store cannot be measured, and says how it can."""
    monkeypatch.delenv("TALKMILL_STORE", raising=False)
    for name in ("vertical.mp4", "manifest.json"):
        shutil.copy(delivered.parent / name, tmp_path)
    code, _, err = told(capsys, tmp_path / "vertical.mp4")
    assert (code, err.count("\n")) == (1, 1)
    assert "TALKMILL_STORE" in err
    monkeypatch.setenv("TALKMILL_STORE", str(delivered.parents[3] / "store"))
    assert told(capsys, tmp_path / "vertical.mp4")[0] == 0
