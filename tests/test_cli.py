"""The `talkmill` command, as people and programs call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from talkmill import __version__
from talkmill.cli import main
from talkmill.errors import SpecError
from tests.specs.project import change, write


def test_a_project_without_problems_is_counted(tmp_path, capsys):
    """Exit 0, one line."""
    assert main(["validate", str(write(tmp_path))]) == 0
    assert capsys.readouterr().out == "2 characters, 1 schedule, 2 episodes: nothing to mend.\n"


def test_every_problem_is_printed_and_the_exit_code_is_2(tmp_path, capsys):
    """On stderr, without a traceback."""
    assert main(["validate", str(write(tmp_path, change("config.yaml", "fps: 30", "fps: 31\nfpss: 3")))]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "config.yaml:1: fps: must be 24, 25, 30, 50 or 60 (found 31). Choose one of them.",
        "config.yaml:2: fpss: is not a key that is known here. Did you mean 'fps'?",
    ]


def test_json_is_for_programs(tmp_path, capsys):
    """The same problems, taken apart."""
    root = write(tmp_path)
    assert main(["validate", "--json", str(root)]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "characters": 2, "schedules": 1, "episodes": 2, "problems": []}
    write(tmp_path, change("config.yaml", "fps: 30", "fps: 31"))
    assert main(["validate", "--json", str(root)]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["problems"] == [
        {
            "file": "config.yaml",
            "line": 1,
            "path": "fps",
            "what": "must be 24, 25, 30, 50 or 60 (found 31)",
            "cure": "Choose one of them.",
        }
    ]


def test_debug_shows_the_traceback(tmp_path, monkeypatch):
    """For whoever mends Talkmill itself."""
    monkeypatch.setenv("TALKMILL_DEBUG", "1")
    with pytest.raises(SpecError):
        main(["validate", str(tmp_path)])


def test_new_files_are_valid_and_never_overwritten(tmp_path, monkeypatch, capsys):
    """The first five minutes: a character, a schedule, nothing to mend."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "schedule", "hello"]) == 2
    for number, name in enumerate(("nora", "no", "12", "null", "a.b-c_d", "True")):
        assert main(["new", "character", name]) == 0
        os.utime(tmp_path / "characters" / f"{name}.yaml", (number, number))
    assert main(["new", "schedule", "hello"]) == 0
    assert (
        'speaker: "True"' in Path("schedules/hello.yaml").read_text()
        or "speaker: True" in Path("schedules/hello.yaml").read_text()
    )
    assert main(["validate"]) == 0
    before = Path("characters/nora.yaml").read_text()
    capsys.readouterr()
    assert main(["new", "character", "nora"]) == 2
    assert capsys.readouterr().err == "characters/nora.yaml: is there already. Choose another id, or edit that file.\n"
    assert Path("characters/nora.yaml").read_text() == before


@pytest.mark.parametrize("name", ["../x", "-x", ".x", "a/b", "", "x" * 81, "caf\u00e9"])
def test_a_name_that_cannot_be_an_id_is_refused(tmp_path, monkeypatch, capsys, name):
    """Nothing is written outside the folder."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "character", "--", name]) == 2
    assert "cannot be an id" in capsys.readouterr().err
    assert list(tmp_path.rglob("*.yaml")) == []


def test_the_command_runs_as_a_program(tmp_path):
    """`python -m talkmill.cli`, from any folder, and quickly."""
    root = write(tmp_path / "project")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "talkmill.cli"]
    done = subprocess.run(
        [*command, "validate", str(root)], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == f"talkmill {__version__}\n"
