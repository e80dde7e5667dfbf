"""The rules themselves: lints, targets, priorities, what is shown to people."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from talkmill.run import Run
from tests.workflow.project import HOME, Project

PIPELINE = ("write", "speak", "clean", "portray", "animate", "inspect", "lipsync", "caption", "render", "check", "deliver")


def rules() -> dict[str, str]:
    """Name -> text of every rule."""
    text = "\n".join(path.read_text() for path in [HOME / "Snakefile", *sorted((HOME / "rules").glob("*.smk"))])
    return {match[1]: match[0] for match in re.finditer(r"^rule (\w+):\n(?:    .*\n|\n)*", text, re.M)}


def test_the_only_lint_left_asks_for_conda_in_every_rule(project: Project) -> None:
    """Talkmill's stages share one interpreter."""
    done = project.run("--lint")
    titles = set(re.findall(r"^    \* (.+?):?$", done.text, re.M))
    assert titles == {"Specify a conda environment or container for each rule."}, done.text


def test_every_stage_says_what_it_does_and_keeps_a_log() -> None:
    """message, log and threads in each rule that makes something."""
    found = rules()
    for verb in (*PIPELINE, "file"):
        for key in ("log:", "message:", "threads:", "priority:"):
            assert f"\n    {key}" in found[verb], (verb, key)


def test_priority_rises_along_the_pipeline() -> None:
    """So the first video is finished early."""
    found = rules()
    priorities = [int(re.search(r"priority: (\d+)", found[verb])[1]) for verb in PIPELINE]
    assert priorities == sorted(priorities)
    assert len(set(priorities)) == len(priorities)


def test_no_rule_runs_python_inside_snakemake_and_none_is_a_checkpoint() -> None:
    """Both cost more than they give."""
    text = "\n".join(path.read_text() for path in [HOME / "Snakefile", *sorted((HOME / "rules").glob("*.smk"))])
    assert not re.search(r"^\s*(run|checkpoint \w+|script):", text, re.M)


def test_audio_stops_before_the_picture(fresh: Project) -> None:
    """`snakemake audio` speaks and masters what is due."""
    done = fresh.run("audio")
    assert done.code == 0, done.text
    assert done.jobs == {"write": 2, "speak": 2, "clean": 2}


def test_validate_names_every_problem_and_starts_nothing(fresh: Project) -> None:
    """One line each, no traceback."""
    fresh.edit("schedules/week.yaml", "- milo: The bread", "- milou: The bread")
    fresh.edit("characters/ada.yaml", "style: avataaars", "style: avatars")
    done = fresh.run("validate")
    assert done.code == 1
    assert re.search(r"schedules/week\.yaml:\d+: .*milou", done.text)
    assert re.search(r"characters/ada\.yaml:\d+: .*avatars.*avataaars", done.text)
    assert "Traceback" not in done.text
    assert not (fresh.root / "store").exists()


def test_an_unknown_video_is_one_line_with_the_known_ones(project: Project) -> None:
    """Snakemake frames what an input function says; the line is there, and no Python traceback."""
    done = project.run("out/tlak/en/vertical.mp4")
    assert done.code == 1
    assert "no schedule has this episode in this language (known: talk/en, alone/en)" in done.text
    assert "Traceback (most recent call last)" not in done.text


@pytest.mark.parametrize(("lines", "counts"), [(0, 4), (2, 4), (5, 5), (10, 6)])
def test_a_job_that_pays_counts_for_its_lines_within_bounds(lines: int, counts: int) -> None:
    """Of the profile's twelve two jobs of many lines run at once, or three of few; a free job counts for nothing."""
    recipe = {"settings": {"kinds": ["speech"] * lines}}
    stand_in = SimpleNamespace(waits=lambda digest: True, recipe=lambda digest: recipe)
    assert Run.in_flight(stand_in, "digest") == counts
    stand_in.waits = lambda digest: False
    assert Run.in_flight(stand_in, "digest") == 0
