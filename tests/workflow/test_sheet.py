"""A character of the user's own drawing, from its layers to a finished video."""

from __future__ import annotations

import pytest

from tests.backends.portray import drawn
from tests.workflow.project import Done, Project

CHARACTER = """\
name: Dot
portrait:
  backend: sheet
  folder: characters/dot
  creator: Somebody
voice:
  backend: espeak
"""
SCHEDULE = """\
episodes:
  - id: hello
    title: Hello
    speaker: dot
    script:
      - Mama, a baby bear!
    formats: [square]
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Done]:
    root = tmp_path_factory.mktemp("sheet") / "project"
    (root / "schedules").mkdir(parents=True)
    drawn.sheet(root / "characters/dot")
    (root / "characters/dot.yaml").write_text(CHARACTER)
    (root / "schedules/week.yaml").write_text(SCHEDULE)
    (root / "config.yaml").write_text("fps: 24\n")
    project = Project(root)
    return project, project.run()


def test_three_drawn_mouths_make_a_video(finished: tuple[Project, Done]) -> None:
    """Every stage ends well, the checks pass, and the credits name who drew it."""
    project, done = finished
    assert done.code == 0, done.text
    assert (project.root / "out/hello/en/square.mp4").stat().st_size > 20_000
    manifest = project.manifest("hello")
    assert {one["verdict"] for one in manifest["checks"].values()} <= {"pass", "warn"}
    assert manifest["backends"]["portray"] == "sheet"
    assert [one["creator"] for one in manifest["credits"] if one["what"] == "portrait of Dot"] == ["Somebody"]


def test_a_mended_drawing_makes_the_picture_anew_and_not_the_voice(finished: tuple[Project, Done]) -> None:
    """Another mouth: portray, render and what follows, nothing else. A folder at another place: nothing is made at all."""
    project, done = finished
    assert done.code == 0, done.text
    drawn.picture(project.root / "characters/dot/mouths/D.png", drawn.mouth(9))
    again = project.run("-n")
    planned = {line.split()[0] for line in again.text.splitlines() if line.split()[1:] == ["1"]}
    assert planned & {"portray", "write", "speak", "clean", "lipsync", "caption", "render"} == {"portray", "render"}


def test_drawings_that_cannot_be_used_stop_the_run_before_it_starts(finished: tuple[Project, Done]) -> None:
    """Two broken layers, two lines with the place in the YAML, no job."""
    broken = finished[0].copy(finished[0].root.parent / "broken")
    (broken.root / "characters/dot/eyes-open.png").write_text("no picture")
    drawn.picture(broken.root / "characters/dot/mouths/C.png", drawn.mouth(3), (100, 100))
    done = broken.run("-n")
    assert done.code != 0
    assert "characters/dot.yaml:4: portrait.folder: eyes-open.png: is no picture (its name says .png)." in done.text
    assert (
        "characters/dot.yaml:4: portrait.folder: mouths/C.png: is of another size (100x100, base.png is 240x320)" in done.text
    )
    assert "Traceback" not in done.text
