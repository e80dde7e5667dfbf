"""What goes wrong stays where it is, and the same command goes on from there."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.workflow.project import Project, stop, verbs


def test_a_failed_job_leaves_nothing_and_the_other_episode_goes_on(fresh: Project) -> None:
    """No ticket, no half file; the last lines say what went wrong and what to do."""
    (fresh.root / "broken.onnx").write_bytes(b"\x08\x07 as a voice begins, and then not")
    (fresh.root / "broken.onnx.json").write_text('{"phoneme_id_map": {}}')
    fresh.edit("characters/ada.yaml", "backend: espeak", "backend: piper\n  model: broken.onnx")
    done = fresh.run()
    assert done.code == 1
    assert "bug:" not in done.text
    assert "Traceback" not in done.text
    assert re.search(
        r"What went wrong:\nbuild/talk/en/speak-[0-9a-f]{16}: speak: piper: the voice's settings cannot be read", done.text
    )
    assert fresh.manifest("alone")["episode"] == "alone"
    assert not (fresh.root / "out/talk/en/manifest.json").exists()
    assert len(fresh.tickets("speak")) == 1  # alone's
    assert list((fresh.root / "store/work").iterdir()) == []
    fresh.edit("characters/ada.yaml", "backend: piper\n  model: broken.onnx", "backend: espeak")
    again = fresh.run()
    assert again.code == 0, again.text
    assert "portray" not in again.jobs


@pytest.mark.parametrize("moment", ["speak", "lipsync", "render"])
def test_a_killed_run_goes_on_with_the_same_command(fresh: Project, built: Project, moment: str) -> None:
    """SIGKILL to the main process; no unlocking by hand, and the result is the same to the byte."""
    process = fresh.start()
    deadline = time.monotonic() + 120
    while not any((fresh.root / "build").rglob(f"{moment}-*.log")):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stop(process)
    done = fresh.run()
    assert done.code == 0, done.text
    assert fresh.bytes() == built.bytes()
    assert fresh.makings().keys() == built.makings().keys()


def test_of_two_runs_at_once_one_leaves_with_a_clear_word(fresh: Project, built: Project) -> None:
    """The first finishes undisturbed."""
    first = fresh.start()
    deadline = time.monotonic() + 60
    lock = fresh.root / ".snakemake/talkmill.lock"
    while not (lock.exists() and lock.read_text()):
        assert first.poll() is None, first.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    second = fresh.run()
    assert second.code == 1
    assert f"another run is at work in this project (process {first.pid})" in second.text
    text, _ = first.communicate(timeout=240)
    assert first.returncode == 0, text
    assert fresh.bytes() == built.bytes()


def test_an_orphan_and_a_new_run_make_nothing_twice(fresh: Project, built: Project) -> None:
    """Jobs that outlive a killed run may still be at work when the next one starts."""
    process = fresh.start()
    deadline = time.monotonic() + 120
    while not any((fresh.root / "build").rglob("render-*.log")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stop(process)
    done = fresh.run()
    assert done.code == 0, done.text
    assert verbs(built.makings(), fresh.makings()) == {}
    assert fresh.bytes() == built.bytes()


def test_a_missing_ffmpeg_is_named_with_its_cure(project: Project) -> None:
    """The one that config.yaml names is not there."""
    with (project.root / "config.yaml").open("a") as stream:
        stream.write("ffmpeg:\n  path: /no/such/ffmpeg\n")
    done = project.run()
    assert done.code == 1
    assert "ffmpeg: the one that config.yaml names is not there" in done.text
    assert "Traceback" not in done.text


def test_a_full_disk_is_named_and_nothing_is_lost(fresh: Project, built: Project, small_disk: Path) -> None:
    """With space again the same command finishes."""
    config = fresh.root / "config.yaml"
    config.write_text(f"fps: 24\nstore: {small_disk}\n")
    done = fresh.run()
    assert done.code == 1
    assert "the disk is full" in done.text
    assert "Traceback" not in done.text
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    again = fresh.run()
    assert again.code == 0, again.text
    assert fresh.bytes().keys() == built.bytes().keys()


def test_a_store_that_may_not_be_written_to_is_named(fresh: Project, small_disk: Path) -> None:
    """One line, with the setting that cures it."""
    (fresh.root / "config.yaml").write_text(f"fps: 24\nstore: {small_disk}\n")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = fresh.run()
    assert done.code == 1
    assert "may not be written to" in done.text
    assert "TALKMILL_STORE" in done.text
    assert "Traceback" not in done.text
