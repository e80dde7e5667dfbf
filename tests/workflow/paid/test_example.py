"""The paid example is in order, and shows what its guide says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from talkmill.plan import PURPOSE_VARIABLE, make_plan
from talkmill.specs import resolve
from tests.portraits import admiral

EXAMPLE = Path(__file__).parents[3] / "examples/paid"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A copy with a photograph in it."""
    shutil.copytree(EXAMPLE, tmp_path / "paid")
    Image.fromarray(admiral(1.0)).save(tmp_path / "paid/photos/nina.png")
    return tmp_path / "paid"


def test_the_example_is_free_as_a_draft_and_paid_for_nina_alone_as_a_final(example: Path, monkeypatch) -> None:
    """Law: purpose, style and kind of line decide; a drawn character stays free."""
    from talkmill import paid_checks

    monkeypatch.setenv(PURPOSE_VARIABLE, "draft")
    assert not paid_checks.pays(make_plan(example))
    monkeypatch.setenv(PURPOSE_VARIABLE, "final")
    plan = make_plan(example)
    assert paid_checks.pays(plan)
    config, people = plan.project.config, plan.project.characters
    assert resolve.voice(people["nina"], "en", "final")["backend"] == "elevenlabs"
    assert resolve.voice(people["milo"], "en", "final")["backend"] == "espeak"
    spoken, sung = (resolve.lipsync(config, people["nina"], "final", line) for line in ("speech", "song"))
    assert (spoken["backend"], spoken["mode"], sung["mode"]) == ("kling", "std", "pro")
    assert resolve.lipsync(config, people["nina"], "draft", "speech")["backend"] == "warp"
    assert "backend" not in resolve.lipsync(config, people["milo"], "final", "speech")


def test_a_voice_of_a_provider_needs_no_file_of_ours(example: Path) -> None:
    """Law: `model` of a paid voice is the provider's, no .onnx of the project's; also where it is the only voice."""
    text = "name: Nina\nportrait: {file: photos/nina.png}\nvoice: {backend: elevenlabs, voice: abc%s}\n"
    for model in ("", ", model: eleven_v3"):
        (example / "characters/nina.yaml").write_text(text % model)
        assert make_plan(example).due
