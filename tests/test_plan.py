"""The plan: what is due, and what is named by what."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from talkmill.errors import RequestError
from talkmill.plan import Plan, make_plan, ticket_path
from talkmill.store.digests import SHORT, digest
from tests.workflow.project import Project

TODAY = date(2026, 11, 25)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two characters, a dialogue and a monologue."""
    return Project.new(tmp_path / "project")


def planned(project: Project, today: date = TODAY) -> Plan:
    """The plan of a project."""
    return make_plan(project.root, today)


def names(plan: Plan) -> dict[tuple[str, str], set[str]]:
    """(folder, stage) -> digests."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, recipe in plan.recipes.items():
        found.setdefault((recipe["folder"], recipe["stage"]), set()).add(name)
    return found


def changed(before: Plan, after: Plan) -> set[str]:
    """Folder/stage of every ticket that has a new name."""
    old, new = names(before), names(after)
    return {f"{folder}/{stage}" for (folder, stage), digests in new.items() if old.get((folder, stage)) != digests}


def stages(folder: str, *verbs: str) -> set[str]:
    """Those stages of one folder."""
    return {f"{folder}/{verb}" for verb in verbs}


FROM_CAPTION = ("caption", "render", "check", "deliver")
FROM_WRITE = ("write", "speak", "clean", "lipsync", *FROM_CAPTION)


def test_a_recipe_is_named_by_its_digest_and_lies_in_one_place(project: Project) -> None:
    """And every ticket that a recipe reads is itself planned."""
    plan = planned(project)
    paths = {ticket_path(recipe, name) for name, recipe in plan.recipes.items()}
    assert len(paths) == len(plan.recipes) == 2 + 2 * len(FROM_WRITE)
    for name, recipe in plan.recipes.items():
        assert digest(recipe)[:SHORT] == name
        assert json.loads(json.dumps(recipe)) == recipe
        assert set(recipe["inputs"].values()) <= paths


def test_the_same_specs_give_the_same_plan_and_write_nothing(project: Project) -> None:
    """Whatever else is in the folder."""
    before = sorted(project.root.rglob("*"))
    assert planned(project).recipes == planned(project).recipes
    assert sorted(project.root.rglob("*")) == before


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("schedules/week.yaml", "The bread is warm", "The bread is hot", stages("build/talk/en", *FROM_WRITE)),
        ("schedules/week.yaml", "title: Alone", "title: On my own", stages("build/alone/en", "deliver")),
        (
            "characters/ada.yaml",
            "seed: ada",
            "seed: eve",
            stages("build/cast/ada", "portray") | stages("build/talk/en", "render", "check", "deliver"),
        ),
        ("characters/ada.yaml", "backend: espeak", "backend: espeak\n  pitch: 60", stages("build/talk/en", *FROM_WRITE[1:])),
        ("characters/ada.yaml", "name: Ada", "name: Eve", stages("build/talk/en", "render", "check", "deliver")),
        ("config.yaml", "fps: 24", "fps: 24\nhorizon: 20", set()),
    ],
)
def test_a_change_renames_what_depends_on_it_and_nothing_else(
    project: Project, file: str, old: str, new: str, expected: set[str]
) -> None:
    """One row a change."""
    before = planned(project)
    project.edit(file, old, new)
    assert changed(before, planned(project)) == expected


def test_a_users_file_counts_by_its_content(project: Project) -> None:
    """Not by its time; a changed background re-renders that character's episodes."""
    from PIL import Image

    image = project.root / "sea.png"
    Image.new("RGB", (40, 60), "navy").save(image)
    project.edit("characters/ada.yaml", 'colour: "#F4D9C6"', "image: sea.png")
    before = planned(project)
    data = image.read_bytes()
    image.unlink()
    image.write_bytes(data)
    assert changed(before, planned(project)) == set()
    Image.new("RGB", (40, 60), "teal").save(image)
    assert changed(before, planned(project)) == stages("build/talk/en", "render", "check", "deliver")


@pytest.mark.parametrize(
    ("when", "due"),
    [
        (None, True),
        ("publish_at: 2026-11-25T09:00:00", True),
        ("publish_at: 2020-01-01T09:00:00", True),
        ("publish_at: 2026-12-02T23:59:00", True),
        ("publish_at: 2026-12-03T00:01:00", False),
        ("skip: true", False),
        ("publish_at: 2026-11-25T09:00:00\n    skip: true", False),
    ],
)
def test_due_is_what_goes_out_within_the_horizon(project: Project, when: str | None, due: bool) -> None:
    """Past ones included; without a date always; never what is to be skipped. The horizon is seven days."""
    if when:
        project.edit("schedules/week.yaml", "    title: Alone", f"    title: Alone\n    {when}")
    assert [release.episode for release in planned(project).due] == ["talk", *(["alone"] if due else [])]


def test_a_language_is_a_release_of_its_own(project: Project) -> None:
    """Each with its own tickets; the portrait is shared."""
    project.edit("schedules/week.yaml", "    title: Alone", "    title: Alone\n    languages: [en, es]")
    project.edit("schedules/week.yaml", "- Only one of us is here.", "- text: {en: Only one., es: Solo uno.}")
    plan = planned(project)
    assert [(one.episode, one.language) for one in plan.due] == [("talk", "en"), ("alone", "en"), ("alone", "es")]
    assert len(names(plan)["build/cast/milo", "portray"]) == 1
    texts = [recipe["settings"]["utterances"][0]["text"] for recipe in plan.recipes.values() if recipe["stage"] == "write"]
    assert "Solo uno." in texts


def test_an_unknown_release_is_named_with_the_known_ones(project: Project) -> None:
    """One line."""
    with pytest.raises(RequestError, match=r"out/tlak/en: no schedule has this episode .*known: talk/en, alone/en"):
        planned(project).release("tlak", "en")


def test_three_hundred_episodes_are_planned_in_little_memory_and_without_surprise(project: Project) -> None:
    """Every episode has its own tickets; the cast stays two portraits."""
    episodes = "".join(
        f"  - id: e{index}\n    title: E{index}\n    speaker: milo\n    script:\n      - Line number {index}.\n"
        for index in range(300)
    )
    (project.root / "schedules/year.yaml").write_text(f"episodes:\n{episodes}")
    plan = planned(project)
    assert len(plan.releases) == 302
    assert len(plan.recipes) == 2 + 302 * len(FROM_WRITE)
