"""Bad input ends in one line that names the file and the cure, before anything runs where that can be; nothing is lost.

`talkmill validate` ends with 2, Snakemake with 1; neither shows a traceback.
"""

# ruff: noqa: E501 -- a message is one line, here as on the terminal

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workflow.project import Done, Project

A, W = "characters/ada.yaml", "schedules/week.yaml"
COLOUR = 'colour: "#F4D9C6"'
Change = Callable[[Project], object]


def edit(file: str, old: str, new: str) -> Change:
    """One text replaced."""
    return lambda project: project.edit(file, old, new)


def write(file: str, data: bytes | str) -> Change:
    """A file with other content."""
    return lambda project: (project.root / file).write_bytes(data if isinstance(data, bytes) else data.encode())


def folder(file: str) -> Change:
    """A folder in a file's place."""

    def change(project: Project) -> None:
        (project.root / file).unlink(missing_ok=True)
        (project.root / file).mkdir()

    return change


def link(file: str, target: str) -> Change:
    """A link in a file's place."""

    def change(project: Project) -> None:
        (project.root / file).unlink(missing_ok=True)
        (project.root / file).symlink_to(target)

    return change


def emptied(project: Project) -> None:
    """A project with its folders and nothing in them."""
    for path in [*project.root.glob("characters/*"), *project.root.glob("schedules/*")]:
        path.unlink()


LONG = "".join("      - ada: " + "word " * 100 + "\n" for _ in range(200))

TOLD: dict[str, tuple[list[Change], str]] = {
    "malformed YAML": ([edit(A, "name: Ada", "name: Ada\n  x: [")], f"{A}:2: ': ' stands where no key can be"),
    "a forgotten quote": ([edit(A, "name: Ada", 'name: "Ada')], f"{A}:1: name: opens a quote that is closed in line 10 only"),
    "an unknown character": ([edit(W, "ada: Good", "adda: Good")], f"{W}:6: episodes[0].script[0].adda: is no character (found 'adda'). Did you mean 'ada'?"),
    "an unknown engine": ([edit(A, "espeak", "espaek")], f"{A}:7: voice.backend: is not known (found 'espaek'). Did you mean 'espeak'?"),
    "an unknown voice": ([edit(A, "espeak", "espeak\n  voice: en+nobody")], f"{A}:8: voice.voice: espeak has no variant of that name"),
    "an unknown style": ([edit(A, "avataaars", "avatars")], f"{A}:4: portrait.style: no style that can talk of that name ('avatars')"),
    "an empty script": ([edit(W, "    script:\n      - Only one of us is here.", "    script: []")], f"{W}:12: episodes[1].script: is empty. Give at least one"),
    "twenty thousand words": ([edit(W, "      - Only one of us is here.\n", LONG)], f"{W}:12: episodes[1].script: is too long (20,000 words in en, the limit is 3,000). Split it"),
    "a renamed text file": ([write("wall.png", "hello"), edit(A, COLOUR, "image: wall.png")], f"{A}:10: scene.background.image: is no picture (found 'wall.png'). Give a real PNG"),
    "a link out of the project": ([link("wall.png", "/etc/hostname"), edit(A, COLOUR, "image: wall.png")], "is a link that leaves the project (found 'wall.png'). Put the file itself"),
    "a spec that is such a link": ([link(A, "/etc/hostname")], f"{A}: is a link that leaves the project. Put the file itself into the project."),
    "an id with ../": ([edit(W, "id: alone", "id: ../alone")], f"{W}:9: episodes[1].id: must be a short name (found '../alone'). Use letters"),
    "an id with a dash": ([edit(W, "id: alone", "id: -alone")], f"{W}:9: episodes[1].id: must be a short name (found '-alone'). Use letters"),
    "an id that is two words": ([edit(W, "id: alone", "id: a b")], f"{W}:9: episodes[1].id: must be a short name (found 'a b'). Use letters"),
    "a voice that is a page": ([write("v.onnx", "<html>"), write("v.onnx.json", '{"phoneme_id_map": {}}'), edit(A, "espeak", "piper\n  model: v.onnx")], f"{A}:8: voice.model: is no voice (the file is no ONNX model, found 'v.onnx'). Fetch"),
    "unknown keys": ([write("config.yaml", "fsp: 24\n")], "config.yaml:1: fsp: is not a key that is known here. Did you mean 'fps'?"),
    "an empty project": ([emptied], "holds no character and no schedule in characters/ and schedules/. `talkmill new"),
    "a character that is a folder": ([folder(A)], f"{A}: is no file. Put a file there."),
    "a config that is a pipe": ([lambda project: [(project.root / "config.yaml").unlink(), os.mkfifo(project.root / "config.yaml")]], "config.yaml: is no file. Put a file there."),
    "text that is not UTF-8": ([write(A, "name: J\xf6rg\n".encode("latin-1"))], f"{A}:1: is not UTF-8 text (found the byte 0xF6). Save the file as UTF-8."),
    "a language nobody speaks": ([edit(W, "languages: [en]", "languages: [zz]")], f"{A}:6: voice: cannot speak zz, as Ada does in 'talk': espeak has no voice for zz."),
    "runes": ([edit(W, "Only one", "ᚠᚢ only one")], f"{W}:13: episodes[1].script[0]: has letters in en that no font here can draw (found ᚠ ᚢ). Give a font file"),
}  # fmt: skip


def validate(project: Project) -> subprocess.CompletedProcess[str]:
    """`talkmill validate`."""
    command = [sys.executable, "-m", "talkmill.cli", "validate", str(project.root)]
    return subprocess.run(command, capture_output=True, text=True, env=project.environment(), timeout=60, check=False)


@pytest.mark.parametrize(("changes", "told"), TOLD.values(), ids=TOLD.keys())
def test_bad_input_is_told_in_one_line(fresh: Project, changes: list[Change], told: str) -> None:
    """By `talkmill validate`, with 2."""
    for change in changes:
        change(fresh)
    done = validate(fresh)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert "Traceback" not in done.stderr


def test_snakemake_tells_the_same_lines_all_at_once(fresh: Project) -> None:
    """With 1, and nothing is made."""
    for name in ("an unknown engine", "an id with ../", "unknown keys", "runes"):
        for change in TOLD[name][0]:
            change(fresh)
    done = fresh.run()
    assert done.code == 1
    assert [
        line
        for name in ("an unknown engine", "an id with ../", "unknown keys", "runes")
        if (line := TOLD[name][1]) not in done.text
    ] == []
    assert "Traceback" not in done.text
    assert not (fresh.root / "build").exists()


@pytest.mark.parametrize("name", ["out", "build", ".snakemake", "store"])
def test_a_file_where_a_folder_must_be_is_named(fresh: Project, name: str) -> None:
    """Before Snakemake stumbles over it."""
    (fresh.root / name).write_text("x")
    done = fresh.run()
    assert done.code == 1
    assert f"{fresh.root / name}" in done.text
    assert "is no folder" in done.text
    assert "Traceback" not in done.text


def test_a_project_that_may_not_be_written_to_is_named(small_disk: Path) -> None:
    """Dry run and run; it can be validated all the same."""
    project = Project.new(small_disk / "project")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert validate(project).returncode == 0
    for arguments in (["-n"], []):
        done = project.run(*arguments)
        assert done.code == 1
        assert f"{project.root}: may not be written to. Change its permissions" in done.text
        assert "Traceback" not in done.text


def failed(done: Done) -> str:
    """The lines of a failed run that say why."""
    assert done.code == 1, done.text
    assert "Traceback" not in done.text
    assert "bug:" not in done.text
    return done.text.split("What went wrong:\n")[1]


def test_files_that_only_their_engines_know_to_be_broken_fail_in_one_line(fresh: Project) -> None:
    """A cut picture and a garbled voice look right from outside; each ends its own episode with its name."""
    (fresh.root / "wall.png").write_bytes(b"\x89PNG\r\n\x1a\n1234")
    (fresh.root / "v.onnx").write_bytes(b"\x08\x07garbage")
    facts = {
        "espeak": {"voice": "en-us"},
        "num_symbols": 1,
        "num_speakers": 1,
        "audio": {"sample_rate": 22050},
        "phoneme_id_map": {},
    }
    (fresh.root / "v.onnx.json").write_text(json.dumps(facts))
    fresh.edit(A, "backend: espeak", "backend: piper\n  model: v.onnx")
    fresh.edit("characters/milo.yaml", 'colour: "#C6DDF4"', "image: wall.png")
    assert validate(fresh).returncode == 0
    told = failed(fresh.run())
    assert re.search(
        r"^build/talk/en/speak-\w+: speak: piper: the voice's model cannot be loaded \(.*v\.onnx: .* Fetch the", told, re.M
    )
    assert re.search(
        r"^build/alone/en/render-\w+: wall\.png: not an image that can be read .* Give a PNG, JPEG or WebP\.$", told, re.M
    )


def test_arabic_and_emoji_are_made_into_videos(fresh: Project) -> None:
    """Text from right to left is spoken and drawn; emoji stay in the sidecars, unspoken and undrawn."""
    (fresh.root / W).write_text(
        "episodes:\n"
        "  - {id: marhaba, title: مرحبا, languages: [ar], speaker: ada, script: [مرحبا بالعالم]}\n"
        '  - {id: smile, title: "Smile \U0001f600", speaker: milo, script: ["Good \U0001f600 friends \U0001f680!"]}\n',
        encoding="utf-8",
    )
    done = fresh.run()
    assert done.code == 0, done.text
    out = fresh.root / "out"
    assert "مرحبا بالعالم" in (out / "marhaba/ar/captions.srt").read_text(encoding="utf-8")
    assert "Good \U0001f600 friends \U0001f680!" in (out / "smile/en/captions.srt").read_text(encoding="utf-8")
    assert fresh.manifest("smile")["title"] == "Smile \U0001f600"
    for episode, language in (("marhaba", "ar"), ("smile", "en")):
        assert (out / episode / language / "vertical.mp4").stat().st_size > 20_000
    drawn = [path.read_text(encoding="utf-8") for path in (fresh.root / "store/objects").rglob("*") if _is_ass(path)]
    assert len(drawn) == 2
    assert any("مرحبا" in text for text in drawn)
    assert any("friends!" in text for text in drawn)
    assert not any("\U0001f600" in text for text in drawn)


def _is_ass(path: Path) -> bool:
    return path.is_file() and path.read_bytes()[:13] == b"[Script Info]"
