"""One sandbox, and one paid project that is built once; each test works on a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from talkmill.providers.sandbox.server import Sandbox
from tests.workflow.paid.rehearsal import TEN, Paid, sandbox


@pytest.fixture(scope="package")
def box() -> Iterator[Sandbox]:
    """The providers."""
    with sandbox() as found:
        yield found


@pytest.fixture(scope="package")
def first(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Paid:
    """Ten lines, bought as far as everything is paid for."""
    project = Paid.at(tmp_path_factory.mktemp("paid") / "project", box, {"bug": list(TEN)})
    project.quoted = project.ask("quote", "--json")
    bought = project.bought()
    project.done = project.lips()
    assert project.done.code == 0, project.done.text
    project.bill = list(bought.lines)
    return project


@pytest.fixture
def ten(first: Paid, tmp_path: Path) -> Paid:
    """A copy of it, to be changed."""
    found = first.copy(tmp_path / "project")
    found.box["kling"].faults.clear()
    found.box["elevenlabs"].faults.clear()
    return found
