"""The pages that people read point at things that are there, and the YAML in them is valid."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from talkmill.specs import load
from talkmill.specs.resolve import spoken
from tests.specs.project import MILO, change, complaints, write

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("characters/*.md"), *ROOT.glob("schedules/*.md")]


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """Every relative link names a file that is there, and a heading in it."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name}: {target} is not there"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{page.name}: {target} names no heading"


def blocks(name: str) -> list[str]:
    """The YAML blocks of a page."""
    return re.findall(r"```yaml\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)


@pytest.fixture
def project(tmp_path):
    """A project with the files that the pages speak of."""
    root = write(tmp_path)
    for folder in ("voices", "fonts", "images"):
        (root / folder).mkdir()
    (root / "voices/es_ES-davefx-medium.onnx").write_bytes(b"x")
    (root / "voices/es_ES-davefx-medium.onnx.json").write_text("{}")
    return root


def test_the_scenes_in_the_pages_are_valid(project):
    """What people copy into a config works."""
    found = blocks("docs/how-to/scenes.md") + blocks("docs/how-to/captions.md")
    assert len(found) == 2
    for block in found:
        (project / "config.yaml").write_text(block)
        assert complaints(project) == []


def test_the_voices_in_the_pages_are_valid(project):
    """What people copy into a character works."""
    found = blocks("docs/how-to/own-voice.md")
    assert len(found) == 3
    for block in found:
        head = MILO.replace("voice: {backend: espeak, pitch: 30}\n", "")
        (project / "characters/milo.yaml").write_text(head + block)
        assert complaints(project) == []


def test_the_lines_in_the_pages_are_valid(tmp_path):
    """What people copy into a schedule works."""
    (block,) = blocks("schedules/README.md")
    text = "episodes:\n  - id: a\n    title: A\n" + "".join(f"    {line}\n" for line in block.splitlines())
    root = write(tmp_path, {"schedules/readme.yaml": text})
    assert complaints(root) == []
    assert [line.speaker for line in load(root).schedules["readme"].episodes[0].script] == [None, "milo", "ada"]


def test_the_demo_is_short_and_complete(tmp_path):
    """Four episodes of 30 to 95 words, by ada, milo and pip, one of them in two languages, one with a song, always due."""
    shutil.copytree(ROOT / "characters", tmp_path / "characters")
    shutil.copytree(ROOT / "schedules", tmp_path / "schedules")
    shutil.copy(ROOT / "config.yaml", tmp_path)
    demo = load(tmp_path)
    assert [episode.id for _, episode in demo.episodes] == ["bitter-coffee", "long-password", "two-minutes", "sleeping-foxes"]
    assert all(episode.publish_at is None for _, episode in demo.episodes)
    for schedule, episode in demo.episodes:
        for language in demo.languages(schedule, episode):
            words = sum(len(spoken(line.text, language).split()) for line in episode.script)
            assert 30 <= words <= 95
    assert any(line.sung for _, episode in demo.episodes for line in episode.script)


def test_the_repository_holds_no_broken_spec():
    """Characters, schedules and config of the demo load as they are."""
    assert complaints(ROOT) == []


def test_a_change_of_the_base_project_is_one_change():
    """The helper of these tests refuses an ambiguous place."""
    with pytest.raises(AssertionError):
        change("characters/ada.yaml", "a", "b")
