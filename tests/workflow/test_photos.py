"""Photographs and clips through the whole factory, by real Snakemake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from talkmill.measure.picture import draw
from talkmill.measure.review import review
from talkmill.media import faces, ffmpeg, frames
from tests.portraits import admiral, beside, turned_head, woman
from tests.workflow.project import Project, verbs

SCHEDULE = """\
episodes:
  - id: talk
    title: A talk
    formats: [square]
    script:
      - grace: Good morning to you.
      - milo: The bread is warm.
      - grace: Maybe Bob buys a big pumpkin pie.
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A photograph and a drawn character talk."""
    made = Project.new(tmp_path_factory.mktemp("photos") / "project")
    (made.root / "photos").mkdir()
    Image.fromarray(admiral(1.5)).save(made.root / "photos/grace.png")
    (made.root / "characters/grace.yaml").write_text(
        "name: Grace\nportrait: {file: photos/grace.png}\nvoice: {backend: espeak}\nanimate: {motion: 0.5}\n"
    )
    (made.root / "schedules/week.yaml").write_text(SCHEDULE)
    return made


def test_a_photograph_goes_from_yaml_to_out(project: Project):
    """The photograph's mouth moves while it speaks; the manifest says what was found; a second run does nothing."""
    done = project.run()
    assert done.code == 0, done.text[-3000:]
    assert {"portray": 2, "animate": 1, "inspect": 1}.items() <= done.jobs.items()
    manifest = project.manifest("talk")
    assert manifest["checks"]["square"]["verdict"] == "pass"
    assert any("face has" in one["text"] for one in manifest["findings"]["grace"])
    assert {"what": "portrait of Grace", "name": "your own"} in manifest["credits"]
    video = project.root / "out/talk/en/square.mp4"
    raw, _ = ffmpeg.run(["-i", ffmpeg.url(video), "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"])
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, 1620, 1080)
    shown = [faces.find(frames.rgb(picture)) for picture in pictures[4:28:4]]
    assert all(len(found) >= 1 for found in shown)
    gaps = [np.linalg.norm(found[0].landmarks[13] - found[0].landmarks[14]) / found[0].size for found in shown]
    assert max(gaps) - min(gaps) > 0.01
    assert project.run().jobs == {}


def test_the_finished_video_is_measured_and_a_wrong_one_is_seen(project: Project, tmp_path: Path):
    """The delivered mp4 is within the limits of photographs; with its sound 120 ms late it is not."""
    out = project.root / "out/talk/en"
    right = review(out / "square.mp4")
    measures = {one.name: one for one in right.measures}
    photo = [one for name, one in measures.items() if name.startswith("photo_")]
    assert len(photo) >= 10
    assert [(one.name, one.value) for one in photo if one.verdict == "fail"] == []
    draw(right, tmp_path / "seen.png")
    with Image.open(tmp_path / "seen.png") as picture:
        assert len(picture.getcolors(1 << 24)) > 500  # its frames are in it
    late = project.copy(tmp_path / "project").root / "out/talk/en/square.mp4"
    video = ffmpeg.url(out / "square.mp4")
    ffmpeg.run(["-i", video, "-c:v", "copy", "-af", "adelay=120:all=1", "-shortest", "-y", ffmpeg.url(late)])
    wrong = {one.name for one in review(late).measures if one.verdict == "fail"}
    assert {"sound_late_ms", "photo_closure_median_ms"} <= wrong


def test_a_line_that_grows_makes_its_own_segment_anew_and_no_other(project: Project):
    """Segments of a photograph do not depend on where they stand."""
    before = project.makings()
    project.edit("schedules/week.yaml", "Good morning to you.", "Good morning to all of you.")
    done = project.run()
    assert done.code == 0, done.text[-3000:]
    assert verbs(before, project.makings())["lipsync"] == 1
    assert verbs(before, project.makings()).get("animate", 0) == 0


def test_a_clip_of_the_users_talks_too_and_a_bad_one_stops_its_job_with_its_name(project: Project, tmp_path: Path):
    """A video shorter than the speech is played there and back; one without a face is told by its own path."""
    made = project.copy(tmp_path / "project")
    pictures = [turned_head(admiral(1.5), 0.02 * np.sin(number / 6))[:900, :768] for number in range(20)]
    _video(pictures, made.root / "photos/grace.mp4", tmp_path)
    source = "testsrc2=s=640x480:r=25:d=1"
    ffmpeg.run(["-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", ffmpeg.url(made.root / "photos/none.mp4")])
    made.edit("characters/grace.yaml", "portrait: {file: photos/grace.png}", "portrait: {clip: photos/none.mp4}")
    made.edit("characters/grace.yaml", "animate: {motion: 0.5}\n", "")
    done = made.run()
    assert done.code != 0
    assert "photos/none.mp4: no face was found (0)." in done.text
    assert "Traceback" not in done.text
    made.edit("characters/grace.yaml", "none.mp4", "grace.mp4")
    done = made.run()
    assert done.code == 0, done.text[-3000:]
    manifest = made.manifest("talk")
    assert {"what": "clip of Grace", "name": "your own"} in manifest["credits"]


def test_two_people_of_one_clip_talk_in_one_frame(project: Project, tmp_path: Path):
    """They share the clip; each speaks its own lines with its own mouth, over the other's too, and listens still."""
    made = project.copy(tmp_path / "project")
    both = beside(admiral(1.0), woman(1.6)[:620, 80:620])
    _video([turned_head(both, 0.01 * np.sin(number / 6)) for number in range(24)], made.root / "photos/both.mp4", tmp_path)
    for name, face in (("grace", "left"), ("milo", "right")):
        text = f"name: {name.title()}\nportrait: {{clip: photos/both.mp4, face: {face}}}\nvoice: {{backend: espeak}}\n"
        (made.root / f"characters/{name}.yaml").write_text(text)
    made.edit("schedules/week.yaml", "    formats: [square]", "    shots: together\n    formats: [square]")
    made.edit("schedules/week.yaml", "The bread is warm.", "The bread is warm.\n        overlap: 0.3")
    done = made.run()
    assert done.code == 0, done.text[-3000:]
    assert done.jobs["animate"] == 1
    assert done.jobs["inspect"] == 2
    stages = made.manifest("talk")["stages"]
    assert stages["animate:grace"] == stages["animate:milo"]
    found = review(made.root / "out/talk/en/square.mp4")
    values = {one.name: one.value for one in found.measures}
    assert values["photo_found"] > 0.97
    assert values["photo_closures"][0] >= 5
    assert values["photo_shut"] >= 0.8
    assert values["photo_still"] >= 0.8
    assert values["photo_join_jump"] < 2.5


def _video(pictures: list[np.ndarray], path: Path, folder: Path) -> None:
    """An mp4 of pictures, 24 a second."""
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    made = (frames.i420(np.ascontiguousarray(picture[:height, :width])) for picture in pictures)
    clip = frames.write(made, (width, height), 24, folder / "a.mkv")
    ffmpeg.run(["-i", ffmpeg.url(clip.path), "-crf", "12", "-pix_fmt", "yuv420p", ffmpeg.url(path)])


def test_what_can_be_known_before_is_told_before(project: Project, tmp_path: Path):
    """Weights that are not there, a picture that is none, and company in one frame stop the run before its first job."""
    made = project.copy(tmp_path / "project")
    (made.root / "photos/grace.png").write_text("no picture")
    made.edit("schedules/week.yaml", "    formats: [square]", "    shots: auto\n    formats: [square]")
    text = made.run("-n").text
    assert "portrait.file: is no picture that can be read (found something else), in photos/grace.png" in text
    assert "shows several characters in one frame, and grace is a photograph or a clip" in text
    assert "with a `face` each" in text


def test_weights_that_are_not_there_stop_the_plan(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The error says what to run."""
    from talkmill.errors import PrerequisiteError
    from talkmill.plan import make_plan

    monkeypatch.setenv("TALKMILL_WEIGHTS", str(tmp_path))
    with pytest.raises(PrerequisiteError, match="talkmill weights fetch face-mesh"):
        make_plan(project.root)
