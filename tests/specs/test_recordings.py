"""Recordings and music in the YAML: what is wrong with them is told at planning."""

import pytest

from talkmill.backend_checks import CHECKS
from talkmill.errors import SpecError
from talkmill.specs.load import load
from tests.workflow.project import Project

HEAD = "languages: [{languages}]\nepisodes:\n  - id: own\n    title: Own\n    speaker: ada\n    script:\n      - {line}\n"


@pytest.mark.parametrize(
    ("languages", "line", "told"),
    [
        ("en", "{text: Hello., recording: none.wav}", "is not there"),
        ("en", "{text: Hello., recording: ../config.yaml}", "leaves the project"),
        ("en", "{text: Hello., sung: true}", "has sung and no recording"),
        ("en", "{text: Hello., recording: config.yaml, start: 3, end: 2}", "ends before it starts"),
        ("en", "{ada: Hello., recording: config.yaml}", "in the short form"),
        ("en, es", "{text: {en: Hello., es: Hola.}, recording: config.yaml}", "is one recording"),
        ("xqz", "{text: Hello., recording: config.yaml}", "no aligner knows"),
    ],
)
def test_what_is_wrong_with_a_recording_is_told_at_planning(tmp_path, languages, line, told):
    """In one line, at its place."""
    project = Project.new(tmp_path / "project")
    (project.root / "schedules/week.yaml").write_text(HEAD.format(languages=languages, line=line))
    with pytest.raises(SpecError) as caught:
        load(project.root, CHECKS)
    assert told in str(caught.value)
    assert "schedules/week.yaml:7" in str(caught.value)
