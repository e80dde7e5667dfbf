"""`talkmill why` names what has changed, in the words of the YAML."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from talkmill import cli
from talkmill.errors import RequestError
from talkmill.plan import make_plan, store_of, ticket_path
from talkmill.store import Making, Ticket
from talkmill.store.digests import file_digest
from talkmill.why import changes, why
from tests.workflow.project import Project


def make(project: Project) -> None:
    """What a run leaves behind, without its media: recipes, tickets, and out/ with a manifest."""
    plan = make_plan(project.root)
    store = store_of(project.root, plan.project)
    for name, recipe in plan.recipes.items():
        store.add_recipe(name, recipe)
        if recipe["stage"] != "deliver":
            Ticket(recipe["stage"], name, {}, {}).write(project.root / ticket_path(recipe, name))
    for release in plan.releases.values():
        folder = project.root / release.folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "captions.srt").write_text("1")
        (folder / "vertical.mp4").write_text("2")
        files = {name: file_digest(folder / name) for name in ("captions.srt", "vertical.mp4")}
        (folder / "manifest.json").write_text(json.dumps({"recipe": release.recipe, "files": files}))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that was made."""
    made = Project.new(tmp_path / "project")
    make(made)
    return made


def reasons(project: Project, episode: str = "talk") -> dict[str, list[str]]:
    """Stage -> reasons, of the stages that are not in place."""
    (answer,) = why(project.root, episode)
    found: dict[str, list[str]] = {}
    for stage in answer.stages:
        if not stage.in_place:
            found.setdefault(stage.stage, []).extend(stage.reasons)
    return found


def test_what_is_in_place_has_no_reasons(project: Project) -> None:
    """Nine stages, two portraits among them, and nothing is written by looking."""
    before = sorted(project.root.rglob("*"))
    (answer,) = why(project.root, "talk")
    assert [stage.stage for stage in answer.stages].count("portray") == 2
    assert [stage.stage for stage in answer.stages][-1] == "deliver"
    assert answer.in_place
    assert answer.to_text().endswith("deliver: in place\nNothing is to be made: out/ holds what the specs say.")
    assert sorted(project.root.rglob("*")) == before


def test_a_changed_setting_is_named_with_both_values_and_what_follows_from_it(project: Project) -> None:
    """A caption colour."""
    project.edit("characters/ada.yaml", "scene:", 'scene:\n  captions: {colour: "#00FF88"}')
    assert reasons(project) == {
        "caption": ['styles.ada.colour: "#FFFFFF" -> "#00FF88"'],
        "render": ["caption has changed"],
        "check": ["render and caption have changed"],
        "deliver": ["caption, render and check have changed"],
    }
    assert reasons(project, "alone") == {}


def test_a_word_and_a_seed_are_named(project: Project) -> None:
    """The line by its number; the portrait by its character."""
    project.edit("schedules/week.yaml", "The bread is warm", "The bread is hot")
    project.edit("characters/milo.yaml", "seed: milo", "seed: mila")
    found = reasons(project)
    assert found["write"] == ['utterances[1].text: "The bread is warm." -> "The bread is hot."']
    assert found["portray"] == ['request.seed: "milo" -> "mila"']
    assert found["render"] == ["clean, lipsync, caption and portray of milo have changed"]


def test_the_newest_ticket_is_what_is_compared_with(project: Project) -> None:
    """Of three captions, the last one that was made."""
    project.edit("config.yaml", "fps: 24", 'fps: 24\nscene:\n  captions: {colour: "#111111"}')
    for path in (project.root / "build").rglob("*.json"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    make(project)
    project.edit("config.yaml", "#111111", "#222222")
    assert reasons(project)["caption"] == [
        'styles.ada.colour: "#111111" -> "#222222"',
        'styles.milo.colour: "#111111" -> "#222222"',
    ]


def test_a_changed_file_of_the_users_is_named(project: Project) -> None:
    """By its path, not by digests."""
    image = project.root / "sea.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\n1")
    project.edit("characters/ada.yaml", 'colour: "#F4D9C6"', "image: sea.png")
    make(project)
    image.write_bytes(b"\x89PNG\r\n\x1a\n2")
    assert reasons(project)["render"] == ["the file sea.png has changed"]


def test_what_was_altered_in_out_is_named(project: Project) -> None:
    """Also what is gone from it; a folder without a manifest was not delivered."""
    out = project.root / "out/talk/en"
    (out / "captions.srt").write_text("other")
    (out / "vertical.mp4").unlink()
    assert reasons(project) == {
        "deliver": [
            "out/talk/en/captions.srt was altered after it was delivered",
            "out/talk/en/vertical.mp4 is not there",
        ]
    }
    (out / "manifest.json").write_text("{")
    assert reasons(project) == {"deliver": ["out/talk/en/manifest.json cannot be read"]}
    shutil.rmtree(out)
    assert "has no manifest.json" in reasons(project)["deliver"][0]


def test_lost_media_damaged_tickets_and_forgotten_recipes_are_told(project: Project) -> None:
    """Each in a sentence of its own."""
    (project.root / "out/talk/en/manifest.json").unlink()
    (check,) = (project.root / "build/talk/en").glob("check-*.json")
    check.write_text("{")
    (speak,) = (project.root / "build/talk/en").glob("speak-*.json")
    Ticket("speak", speak.stem[-16:], {"0": Making("k", {"sound": "ab" * 32}, {})}, {}).write(speak)
    found = reasons(project)
    assert found["speak"] == ["the store has lost 1 of the files that its ticket names"]
    assert found["check"][0].startswith("its ticket is damaged")
    (caption,) = (project.root / "build/talk/en").glob("caption-*.json")
    (project.root / f"store/recipes/{caption.stem[-16:]}.json").unlink()
    project.edit("config.yaml", "fps: 24", 'fps: 24\nscene:\n  captions: {colour: "#111111"}')
    assert "does not know any more" in reasons(project)["caption"][0]
    shutil.rmtree(project.root / "build")
    assert reasons(project)["write"] == ["it was never made here, or build/ was deleted"]


def test_deleted_tickets_are_no_work_while_out_is_right(project: Project) -> None:
    """As Snakemake sees it."""
    shutil.rmtree(project.root / "build")
    (answer,) = why(project.root, "talk")
    assert answer.in_place
    assert not answer.stages[0].in_place


def test_unknown_names_are_answered_with_the_known_ones(project: Project) -> None:
    """One line."""
    with pytest.raises(RequestError, match=r"tlak: no schedule has this episode \(known: talk, alone\)"):
        why(project.root, "tlak")
    with pytest.raises(RequestError, match="out/talk/es: no schedule has this episode in this language"):
        why(project.root, "talk", "es")


def test_the_command_speaks_to_people_and_to_programs(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit codes as everywhere."""
    project.edit("schedules/week.yaml", "title: Alone", "title: By myself\n    publish_at: 2099-01-01")
    assert cli.main(["why", "alone", "en", "--root", str(project.root)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("alone (en), which is not due now:\n  portray milo: in place\n")
    assert '  deliver: title: "Alone" -> "By myself"\n' in text
    assert cli.main(["why", "alone", "--json", "--root", str(project.root)]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert (answer["episode"], answer["due"], answer["in_place"]) == ("alone", False, False)
    assert answer["stages"][-1]["stage"] == "deliver"
    assert cli.main(["why", "tlak", "--root", str(project.root)]) == 2


def test_differences_of_values_are_told_by_their_path() -> None:
    """Keys that come and go, lists of mappings, long texts."""
    old = {"a": 1, "gone": [1], "list": [{"x": 1}, {"x": 2}], "plain": [1, 2], "same": {"k": None}}
    new = {"a": "y" * 90, "new": None, "list": [{"x": 3}], "plain": [1, 3], "same": {"k": None}}
    assert list(changes(old, new)) == [
        f'a: 1 -> "{"y" * 58}…',
        "new: null is new",
        "list[0].x: 1 -> 3",
        "list: 2 -> 1 items",
        "plain: [1, 2] -> [1, 3]",
        "gone: [1] is gone",
    ]
