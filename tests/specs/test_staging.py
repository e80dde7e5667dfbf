"""Shots, overlaps and emotions in the YAML: what is allowed, and how the rest is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from talkmill.errors import SpecError
from talkmill.specs import resolve, staging
from talkmill.specs.load import load
from tests.workflow.project import Project

EVA = "name: Eva\nportrait: {style: micah}\nvoice: {backend: espeak}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.new(tmp_path / "project")


def told(project: Project) -> str:
    with pytest.raises(SpecError) as error:
        load(project.root)
    return str(error.value)


def talk(project: Project):
    return load(project.root).episodes[0][1]


def test_the_short_form_is_the_rule_and_everyone_is_in_the_frame(project: Project) -> None:
    """In the order in which they first speak, unless `together` says otherwise."""
    project.edit("schedules/week.yaml", "title: A talk", "title: A talk\n    shots: auto")
    assert talk(project).shots.by == "auto"
    assert staging.together(talk(project)) == ["ada", "milo"]
    project.edit("schedules/week.yaml", "shots: auto", "shots: {by: together, together: [milo, ada]}")
    assert staging.together(talk(project)) == ["milo", "ada"]


def test_a_line_names_its_shot(project: Project) -> None:
    """Everyone, one, or a list."""
    project.edit("schedules/week.yaml", "you.", "you.\n        shot: together")
    project.edit("schedules/week.yaml", "warm.", "warm.\n        shot: [milo]\n        overlap: 0.4")
    assert staging.asked(talk(project)) == [["ada", "milo"], ["milo"], None]
    assert talk(project).script[1].overlap == 0.4


@pytest.mark.parametrize(
    ("written", "meant"), [("happy", ("happy", 1.0)), ("{sad: 0.3}", ("sad", 0.3)), ("{tender: 1}", ("tender", 1.0))]
)
def test_an_emotion_may_have_a_strength(project: Project, written: str, meant: tuple[str, float]) -> None:
    """`happy`, or `{happy: 0.6}`."""
    project.edit("schedules/week.yaml", "warm.", f"warm.\n        emotion: {written}")
    assert resolve.emotion(talk(project).script[1].emotion) == meant


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "title: A talk",
            "title: A talk\n    shots: togehter",
            "shots.by: must be speaker, together or auto (found 'togehter')",
        ),
        ("title: A talk", "title: A talk\n    shots: {together: [ada, eva]}", "names who speaks no line here (found 'eva')"),
        ("title: A talk", "title: A talk\n    shots: {together: [ada]}", "shots.together"),
        ("title: Alone", "title: Alone\n    shots: together", "only 'milo' speaks. Take it away"),
        ("warm.", "warm.\n        shot: eva", "script[1].shot: shows who speaks no line here (found 'eva')"),
        ("warm.", "warm.\n        shot: {a: b}", "script[1].shot: is no shot"),
        ("warm.", "warm.\n        shot: [a, b, c, d]", "shows too many (found 4)"),
        ("you.", "you.\n        overlap: 0.3", "script[0].overlap: is set on the first line"),
        ("- milo: The bread is warm.", "- ada: The bread is warm.\n        overlap: 0.3", "speak over a line of their own"),
        ("warm.", "warm.\n        emotion: {happy: 2}", "has no strength from 0 to 1 (found 2)"),
        ("warm.", "warm.\n        emotion: {happy: 1, sad: 1}", "is no emotion (found several)"),
        ("warm.", "warm.\n        emotion: hapy", "(found 'hapy'). Did you mean 'happy'?"),
    ],
)
def test_what_cannot_be_shown_is_told(project: Project, old: str, new: str, said: str) -> None:
    """At planning, with the line of the file."""
    project.edit("schedules/week.yaml", old, new)
    assert said in told(project)


def test_three_speakers_in_a_frame_of_two_and_four_in_one(project: Project) -> None:
    """The message names who has no place."""
    (project.root / "characters/eva.yaml").write_text(EVA)
    (project.root / "characters/bo.yaml").write_text(EVA.replace("Eva", "Bo"))
    project.edit("schedules/week.yaml", "now.", "now.\n      - eva: Yes.")
    project.edit("schedules/week.yaml", "title: A talk", "title: A talk\n    shots: {by: together, together: [ada, milo]}")
    assert "leaves out who speaks here ('eva')" in told(project)
    project.edit("schedules/week.yaml", "{by: together, together: [ada, milo]}", "together")
    load(project.root)
    project.edit("schedules/week.yaml", "Yes.", "Yes.\n      - bo: No.")
    assert "more than 3 characters in one frame (found 4: ada, milo, eva, bo)" in told(project)


def test_lipsync_settings_fall_through_the_files(project: Project) -> None:
    """The character's stand over the config's, and these over the built-in ones."""
    assert resolve.lipsync(load(project.root).config, load(project.root).characters["ada"]) == {
        "sync_strength": 1.0,
        "temporal_smoothing": 0.0,
    }
    project.edit("config.yaml", "fps: 24", "fps: 24\nlipsync: {sync_strength: 0.8, temporal_smoothing: 0.2}")
    project.edit("characters/ada.yaml", "name: Ada", "name: Ada\nlipsync: {sync_strength: 0.65}")
    loaded = load(project.root)
    assert resolve.lipsync(loaded.config, loaded.characters["ada"]) == {"sync_strength": 0.65, "temporal_smoothing": 0.2}
    assert resolve.lipsync(loaded.config, loaded.characters["milo"]) == {"sync_strength": 0.8, "temporal_smoothing": 0.2}
