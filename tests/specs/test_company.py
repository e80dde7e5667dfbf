"""Several people of one picture in one frame: who belongs together, and what is against it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from talkmill.backends.inspect.beforehand import company as problems
from talkmill.specs import company
from talkmill.specs.load import load
from tests.workflow.project import Project

PERSON = "name: {name}\nportrait: {{file: photos/both.png, face: {face}}}\nvoice: {{backend: espeak}}\n"
SCHEDULE = """\
episodes:
  - id: talk
    title: A talk
    shots: together
    script:
      - ada: Good morning.
      - milo: The bread is warm.
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.new(tmp_path / "project")
    (made.root / "photos").mkdir()
    Image.fromarray(np.full((400, 400, 3), 90, np.uint8)).save(made.root / "photos/both.png")
    for name, face in (("ada", "left"), ("milo", "right")):
        (made.root / f"characters/{name}.yaml").write_text(PERSON.format(name=name.title(), face=face))
    (made.root / "schedules/week.yaml").write_text(SCHEDULE)
    return made


def told(project: Project) -> list[str]:
    return [str(one) for one in problems(load(project.root))]


def test_people_of_one_picture_may_be_shown_together(project: Project) -> None:
    """Nothing is against it, and they are a company; shown one by one they are none."""
    assert told(project) == []
    loaded = load(project.root)
    assert company.companies(loaded, loaded.episodes[0][1]) == {"ada": ("ada", "milo"), "milo": ("ada", "milo")}
    project.edit("schedules/week.yaml", "shots: together", "shots: speaker")
    loaded = load(project.root)
    assert company.companies(loaded, loaded.episodes[0][1]) == {}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("photos/both.png, face: right", "photos/other.png", "ada is a photograph or a clip"),
        (", face: right", "", "nothing says which face is theirs"),
        ("face: right", "face: 1", "both are the same face"),
        ("voice: {backend: espeak}", "voice: {backend: espeak}\nanimate: {motion: 0.5}", "they move it differently"),
        ("voice: {backend: espeak}", "voice: {backend: espeak}\nlipsync: {backend: kling}", "kling makes whole pictures"),
    ],
)
def test_what_cannot_be_made_is_told_with_its_cure(project: Project, old: str, new: str, words: str) -> None:
    """Pictures of their own, a face that is not named or is another's, other motion, and a maker of whole pictures."""
    (project.root / "photos/other.png").write_bytes((project.root / "photos/both.png").read_bytes())
    project.edit("characters/milo.yaml", old, new)
    found = told(project)
    assert len(found) == 1
    assert words in found[0]
    assert "schedules/week.yaml" in found[0]
    assert found[0].rstrip().endswith(".")


def test_a_drawn_character_is_not_shown_beside_a_photograph(project: Project) -> None:
    """Nor a line of its own that asks for it."""
    project.edit("characters/milo.yaml", "{file: photos/both.png, face: right}", "{style: micah}")
    assert "ada is a photograph or a clip" in told(project)[0]
    project.edit("schedules/week.yaml", "shots: together", "shots: speaker")
    assert told(project) == []
    project.edit("schedules/week.yaml", "warm.", "warm.\n        shot: together")
    assert "script" in told(project)[0] or ":8" in told(project)[0]
