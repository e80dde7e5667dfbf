"""Only what changed is made again, and out/ holds what the specs say."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workflow.project import HOME, Project, verbs

AFTER_CAPTION = {"caption": 1, "render": 1, "check": 1, "deliver": 1}
WHOLE_EPISODE = {"write": 1, "speak": 1, "clean": 1, "lipsync": 1, **AFTER_CAPTION}
TALK_MP4 = "out/talk/en/vertical.mp4"


def test_a_second_run_has_nothing_to_do(project: Project) -> None:
    """What is in place is left alone."""
    done = project.run()
    assert done.code == 0
    assert done.jobs == {}
    assert "Nothing to be done" in done.text


def test_a_dry_run_writes_nothing(fresh: Project) -> None:
    """`-n` leaves nothing behind but `.snakemake`."""
    done = fresh.run("-n")
    assert done.code == 0, done.text
    assert sorted(path.name for path in fresh.root.iterdir()) == [".snakemake", "characters", "config.yaml", "schedules"]


def test_one_word_of_one_line_makes_one_take_and_one_segment(project: Project) -> None:
    """The other lines' makings come from the store."""
    before = project.makings()
    project.edit("schedules/week.yaml", "The bread is warm", "The bread is hot")
    done = project.run()
    assert done.code == 0, done.text
    assert done.jobs == WHOLE_EPISODE
    new = verbs(before, project.makings())
    assert new == {"speak": 1, "clean": 2, "lipsync": 1, "caption": 1, "render": 1, "check": 1}  # clean: the take, the master


def test_a_line_that_grows_by_two_seconds_makes_its_own_segment_only(project: Project) -> None:
    """Segments count time from their own start: what comes later moves and is not made anew."""
    before = project.makings()
    seconds = project.manifest("talk")["formats"][0]["seconds"]
    project.edit(
        "schedules/week.yaml", "The bread is warm.", "The bread is warm, and the butter is on the table beside the window."
    )
    assert project.run().code == 0
    assert project.manifest("talk")["formats"][0]["seconds"] > seconds + 2
    assert verbs(before, project.makings()) == {"speak": 1, "clean": 2, "lipsync": 1, "caption": 1, "render": 1, "check": 1}


def test_in_a_shared_frame_a_line_that_grows_makes_its_own_faces_only(project: Project) -> None:
    """Whoever speaks it and whoever listens to it; all other faces come from the store."""
    project.edit("schedules/week.yaml", "title: A talk", "title: A talk\n    shots: together")
    assert project.run().jobs == {"lipsync": 1, "render": 1, "check": 1, "deliver": 1}
    before = project.makings()
    project.edit("schedules/week.yaml", "The bread is warm.", "The bread is warm, and the butter is on the table.")
    assert project.run().code == 0
    assert verbs(before, project.makings()) == {"speak": 1, "clean": 2, "lipsync": 2, "caption": 1, "render": 1, "check": 1}


def test_a_caption_colour_gives_captions_and_what_follows(project: Project) -> None:
    """Voices and faces do not depend on it."""
    before = project.makings()
    project.edit(
        "schedules/week.yaml", "    title: Alone", '    title: Alone\n    scene:\n      captions:\n        colour: "#00FF88"'
    )
    done = project.run()
    assert done.jobs == AFTER_CAPTION
    assert verbs(before, project.makings()) == {"caption": 1, "render": 1, "check": 1}


def test_a_portrait_is_drawn_once_for_all_its_episodes_and_for_no_other(project: Project) -> None:
    """Milo is in both episodes, Ada in one."""
    project.edit("characters/milo.yaml", "seed: milo", "seed: otto")
    both = project.run()
    assert both.jobs == {"portray": 1, "render": 2, "check": 2, "deliver": 2}
    project.edit("characters/ada.yaml", "seed: ada", "seed: nora")
    one = project.run()
    assert one.jobs == {"portray": 1, "render": 1, "check": 1, "deliver": 1}


def test_a_new_version_of_a_backend_makes_its_stage_and_what_follows(project: Project, tmp_path: Path) -> None:
    """The version is in the recipe, so nothing else has to notice that code changed."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("talkmill", "scripts", "rules", "profiles"):
        shutil.copytree(HOME / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOME / "Snakefile", home)
    source = home / "talkmill/backends/caption/libass.py"
    text = source.read_text()
    assert "version: ClassVar[int] = " in text
    source.write_text(text.replace("version: ClassVar[int] = ", "version: ClassVar[int] = 1000 + "))
    done = Project(project.root, home).run()
    assert done.code == 0, done.text
    assert done.jobs == {"caption": 2, "render": 2, "check": 2, "deliver": 2}


def test_a_change_taken_back_makes_nothing_and_out_is_as_before(project: Project) -> None:
    """`out/` always holds what the specs say."""
    before = project.bytes()
    project.edit("schedules/week.yaml", "Only one of us", "Only two of us")
    assert project.run().code == 0
    changed = project.bytes()
    assert changed["alone/en/vertical.mp4"] != before["alone/en/vertical.mp4"]
    made = project.makings()
    project.edit("schedules/week.yaml", "Only two of us", "Only one of us")
    done = project.run()
    assert done.jobs == {"deliver": 1}
    assert verbs(made, project.makings()) == {}
    assert project.bytes() == before


@pytest.mark.parametrize("order", [1, -1])
def test_touching_every_file_makes_nothing(project: Project, order: int) -> None:
    """File times decide nothing."""
    paths = sorted((path for path in project.root.rglob("*") if path.is_file()), reverse=order < 0)
    for second, path in enumerate(paths):
        os.utime(path, (1_700_000_000 + second, 1_700_000_000 + second))
    assert project.run().jobs == {}


def test_another_branch_and_back_makes_nothing(project: Project) -> None:
    """`git checkout` gives files new times and old contents."""

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
            cwd=project.root,
            check=True,
            capture_output=True,
        )

    git("init", "-b", "main")
    git("add", "characters", "schedules", "config.yaml")
    git("commit", "-m", "one")
    git("checkout", "-b", "other")
    project.edit("schedules/week.yaml", "Only one", "Not one")
    git("commit", "-am", "two")
    git("checkout", "main")
    assert project.run().jobs == {}


def test_without_snakemakes_memory_nothing_is_made_again_and_a_change_is_seen(project: Project) -> None:
    """Nothing depends on `.snakemake`."""
    shutil.rmtree(project.root / ".snakemake")
    assert project.run().jobs == {}
    shutil.rmtree(project.root / ".snakemake")
    project.edit("schedules/week.yaml", "    title: Alone", "    title: On my own")
    assert project.run().jobs == {"deliver": 1}
    assert project.manifest("alone")["title"] == "On my own"


def test_a_deleted_video_is_back(project: Project) -> None:
    """One delivery, no making."""
    before, made = project.bytes(), project.makings()
    (project.root / TALK_MP4).unlink()
    done = project.run()
    assert done.jobs == {"deliver": 1}
    assert (project.bytes(), project.makings()) == (before, made)


def test_deleted_tickets_are_no_reason_to_make_anything(project: Project) -> None:
    """What is delivered and right needs no tickets."""
    shutil.rmtree(project.root / "build")
    assert project.run().jobs == {}


@pytest.mark.parametrize("damage", ["overwritten", "cut", "flipped", "flipped, times put back"])
def test_a_damaged_video_is_put_right(project: Project, damage: str) -> None:
    """Bytes decide, not sizes or times."""
    before = project.bytes()
    path = project.root / TALK_MP4
    stat, data = path.stat(), bytearray(path.read_bytes())
    path.chmod(0o644)
    if damage == "overwritten":
        data = bytearray(b"not a video")
    elif damage == "cut":
        data = data[: len(data) // 2]
    else:
        data[len(data) // 2] ^= 1
    path.write_bytes(data)
    if "times" in damage:
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    done = project.run()
    assert done.jobs == {"deliver": 1}
    assert project.bytes() == before


def test_a_lost_object_is_made_again_in_one_run_once_it_is_needed(project: Project) -> None:
    """Not before: what is delivered does not need it."""
    before, objects = project.bytes(), project.root / "store/objects"
    shutil.rmtree(objects)
    assert project.run().jobs == {}
    (project.root / TALK_MP4).unlink()
    done = project.run()
    assert done.code == 0, done.text
    assert done.jobs == {"portray": 2, **{name: 1 for name in WHOLE_EPISODE if name != "write"}}
    assert project.bytes() == before


def test_one_video_is_a_target_by_its_name(project: Project) -> None:
    """`snakemake out/…/vertical.mp4`, whether it is there, gone, or the episode changed."""
    before = project.bytes()
    (project.root / TALK_MP4).unlink()
    done = project.run(TALK_MP4)
    assert done.code == 0, done.text
    assert project.bytes() == before
    project.edit("schedules/week.yaml", "The bread is warm", "The bread is hot")
    assert project.run(TALK_MP4).code == 0
    assert project.bytes()["talk/en/vertical.mp4"] != before["talk/en/vertical.mp4"]
