"""Whatever the files hold, loading ends in a project or a SpecError, and soon."""

from __future__ import annotations

import random
import time

import pytest

from talkmill.errors import Problem, SpecError
from talkmill.specs import load
from tests.specs.project import FILES, write

PIECES = [
    "",
    "#",
    ": ",
    "- ",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    "\t",
    "\n",
    "&a ",
    "*a",
    "!x ",
    "null",
    "~",
    "---\n",
    "\x00",
    "\ufeff",
]
PIECES += [
    "é",
    "\U0001f600",
    "\u202e",
    "\u2028",
    "1e999",
    "9" * 400,
    "true",
    "2026-99-99",
    "<<: {}",
    "? ",
    "|",
    ">\n",
    "%YAML 1.2\n",
    "\\",
    "\r",
]


def mutated(chance: random.Random, text: str) -> bytes:
    """The text with one to four places changed: letters cut, doubled, swapped with another place or replaced by trouble."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 1, 1, 3, 20]))
        lines = text.splitlines(keepends=True)
        act = chance.randrange(4)
        if act == 0 and len(lines) > 1:
            lines.insert(chance.randrange(len(lines)), chance.choice(lines))
            text = "".join(lines)
        elif act == 1:
            text = text[:end] + text[start:]
        else:
            text = text[:start] + chance.choice(PIECES) + text[end:]
    data = bytearray(text.encode())
    if chance.random() < 0.1 and data:
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def outcome(root) -> str:
    """How loading ended; anything but a project or a SpecError with readable lines fails the test."""
    problems: list[Problem] = []
    try:
        load(root)
    except SpecError as error:
        problems = error.problems
    for line in map(str, problems):
        assert line.startswith(("characters/", "schedules/", "config.yaml")), line
        assert line.endswith((".", "?")), line
        assert "\n" not in line, line
        assert "errors.pydantic" not in line
    return "told" if problems else "loaded"


@pytest.mark.parametrize("seed", range(4))
def test_mutated_specs_load_or_are_told(tmp_path, seed):
    """A few hundred slips of the pen."""
    chance = random.Random(seed)  # noqa: S311 -- no secret
    root = write(tmp_path)
    seen = set()
    start = time.process_time()
    for _ in range(150):
        name = chance.choice(list(FILES))
        (root / name).write_bytes(mutated(chance, FILES[name]))
        seen.add(outcome(root))
        (root / name).write_text(FILES[name])
    assert seen == {"told", "loaded"}
    assert time.process_time() - start < 10


def test_random_bytes_are_told(tmp_path):
    """A picture in a spec's place is no crash."""
    chance = random.Random(5)  # noqa: S311 -- no secret
    root = write(tmp_path)
    for length in (0, 1, 2, 3, 10, 100, 1000, 10_000) * 8:
        (root / "characters/ada.yaml").write_bytes(chance.randbytes(length))
        assert outcome(root) == "told"


def test_random_trees_of_yaml_are_told(tmp_path):
    """Every shape at every place of the models."""
    chance = random.Random(6)  # noqa: S311 -- no secret
    keys = [
        "name",
        "portrait",
        "voice",
        "voices",
        "scene",
        "backend",
        "style",
        "traits",
        "background",
        "gradient",
        "colours",
        "es",
        "text",
    ]
    keys += [
        "episodes",
        "script",
        "speaker",
        "id",
        "title",
        "pause",
        "post",
        "tags",
        "languages",
        "formats",
        "publish_at",
        "captions",
    ]
    leaves = ["1", "x", "null", "''", "[]", "{}", "true", "piper", "espeak", "-3.5", "en", '"#112233"', "2027-01-01", "a: b"]

    def tree(depth: int) -> str:
        kind = chance.random()
        if depth == 0 or kind < 0.3:
            return chance.choice(leaves[:-1])
        if kind < 0.5:
            return "[" + ", ".join(tree(depth - 1) for _ in range(chance.randrange(4))) + "]"
        return "{" + ", ".join(f"{key}: {tree(depth - 1)}" for key in chance.sample(keys, chance.randrange(6))) + "}"

    root = write(tmp_path)
    for _ in range(150):
        for file in ("characters/eve.yaml", "schedules/odd.yaml"):
            (root / file).write_text(tree(6))
        assert outcome(root) in ("told", "loaded")
