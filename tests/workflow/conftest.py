"""One project is built once; each test works on a copy of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workflow.project import Project


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project after its first run."""
    project = Project.new(tmp_path_factory.mktemp("built") / "project")
    done = project.run()
    assert done.code == 0, done.text
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    """A copy of the built project, to be changed."""
    return built.copy(tmp_path / "project")


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A project that was never run."""
    return Project.new(tmp_path / "project")
