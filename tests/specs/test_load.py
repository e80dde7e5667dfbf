"""Loading a project: what is right loads, and what is wrong is told in one line a problem, all at once."""

from __future__ import annotations

import time
from datetime import datetime
from fractions import Fraction

import pytest

from talkmill.errors import SpecError
from talkmill.specs import load
from tests.specs.project import ADA, WEEK, change, complaints, write


def test_a_valid_project_loads(tmp_path):
    """Every value has the type of its field."""
    project = load(write(tmp_path))
    ada = project.characters["ada"]
    assert ada.portrait.traits == {"skinColor": "#AE5D29"}
    assert ada.voice.effects.pitch == Fraction(3, 2)
    assert [(name, episode.id) for name, episode in project.episodes] == [("week", "coffee"), ("week", "greeting")]
    coffee, greeting = project.schedules["week"].episodes
    assert [(line.speaker, line.text, line.pause) for line in coffee.script] == [
        (None, "Grind it fresh.", 0.35),
        ("milo", "And weigh it.", 0.6),
        (None, "Then wait.", 0.35),
    ]
    assert coffee.publish_at == datetime.fromisoformat("2027-03-01T18:00:00+01:00")
    assert greeting.script[0].text == {"en": "Hello there.", "es": "Hola a todos."}
    assert project.languages("week", greeting) == ["en", "es"]
    assert project.formats(greeting) == ["square"]
    assert project.formats(coffee) == ["vertical"]


def test_no_half_past_twelve_and_1_10_stay_texts(tmp_path):
    """A text field holds what was written."""
    files = change(
        "schedules/week.yaml", "      - Grind it fresh.", "      - no\n      - 12:30\n      - 1.10\n      - 0123\n      - true"
    )
    script = load(write(tmp_path, files)).schedules["week"].episodes[0].script
    assert [line.text for line in script[:5]] == ["no", "12:30", "1.10", "0123", "true"]
    assert {type(line.text) for line in script} == {str}


def test_names_and_titles_are_one_line(tmp_path):
    """They are shown in one."""
    files = change("characters/ada.yaml", "name: Ada", "name: |\n  Ada\n  Lovelace")
    files |= change("schedules/week.yaml", "title: Better coffee", "title: >\n      Better\n\n      coffee")
    project = load(write(tmp_path, files))
    assert project.characters["ada"].name == "Ada Lovelace"
    assert project.schedules["week"].episodes[0].title == "Better coffee"


def test_a_trait_has_the_type_it_looks_like(tmp_path):
    """Numbers, flags and lists; a colour of six digits is no number."""
    traits = "{skinColor: 614335, chance: 50, size: 1.5, beard: true, hair: [bun, bob], top: 01}"
    found = (
        load(write(tmp_path, change("characters/ada.yaml", '{skinColor: "#AE5D29"}', traits))).characters["ada"].portrait.traits
    )
    assert found == {"skinColor": "614335", "chance": 50, "size": 1.5, "beard": True, "hair": ["bun", "bob"], "top": "01"}


def test_norwegian_is_a_language(tmp_path):
    """The key `no` is not false."""
    text = WEEK.replace("languages: [en]\nepisodes", "languages: [no]\nepisodes").replace("[en, es]", "[no]")
    text = text.replace("{en: Hello there., es: Hola a todos.}", "{no: Hei}").replace("{en: Hello, es: Hola}", "{no: Hei}")
    project = load(write(tmp_path, {"schedules/week.yaml": text}))
    assert project.schedules["week"].episodes[1].script[0].text == {"no": "Hei"}


def test_config_may_be_absent_or_hold_comments_only(tmp_path):
    """Everything in it has a default."""
    root = write(tmp_path, {"config.yaml": "# nothing yet\n"})
    assert load(root).config.fps == 30
    (root / "config.yaml").unlink()
    assert load(root).config.loudness == -14


def test_all_problems_of_three_files_are_told_at_once(tmp_path):
    """Nobody mends a file to be told of the next problem."""
    files = {
        "characters/ada.yaml": ADA.replace("name: Ada\n", "").replace("avataaars", "[x]").replace("pitch: 1.5", "pitch: high"),
        "characters/milo.yaml": "name: Milo\n  portrait: {}\n",
        "schedules/week.yaml": WEEK.replace("id: coffee", "id: -coffee").replace("- ada: {en", "- adda: {en"),
    }
    assert complaints(write(tmp_path, files)) == [
        "characters/ada.yaml:2: name: is missing. Add it: The name people see.",
        "characters/ada.yaml:3: portrait.style: must be a text (found a list)."
        " Write one text; a text that holds ': ' or starts with [ or { goes in quotes.",
        "characters/ada.yaml:8: voice.effects.pitch: must be a number (found 'high')."
        " Write it in plain decimals, like 12 or 0.5.",
        "characters/milo.yaml:2: ': ' stands where no key can be (found 'portrait: {}')."
        " Put a text that holds ': ' in quotes, as a whole.",
        "schedules/week.yaml:3: episodes[0].id: must be a short name (found '-coffee')."
        " Use letters, digits, '.', '_' and '-', starting with a letter or digit, 80 at most.",
        "schedules/week.yaml:17: episodes[1].script[0].adda: is no character (found 'adda'). Did you mean 'ada'?",
    ]


def test_a_character_with_problems_is_still_somebody(tmp_path):
    """A broken file gives no second problem wherever its character speaks."""
    assert len(complaints(write(tmp_path, change("characters/ada.yaml", "seed: ada", "seedling: ada")))) == 1


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"characters/eve.yml": ADA}, "characters/eve.yml: ends in .yml. Rename it to eve.yaml."),
        ({"config.yml": ""}, "config.yml: ends in .yml. Rename it to config.yaml."),
        (
            {"characters/-eve.yaml": ADA},
            "characters/-eve.yaml: has a name that cannot be an id."
            " Use letters, digits, '.', '_' and '-', starting with a letter or digit, 80 at most.",
        ),
        (
            {"characters/Ada.yaml": ADA},
            "characters/ada.yaml: differs from Ada.yaml in upper and lower case only."
            " Rename one of them: some disks cannot tell them apart.",
        ),
        (
            {"characters/eve.yaml": "# soon\n"},
            "characters/eve.yaml: is empty. `talkmill new character ID` writes one to start from.",
        ),
        (
            {"schedules/eve.yaml": "- id: x"},
            "schedules/eve.yaml:1: must be a mapping (found a list). Write `key: value` lines under it, indented.",
        ),
        (
            {"config.yaml": "fps"},
            "config.yaml:1: must be a mapping (found 'fps'). Write `key: value` lines under it, indented.",
        ),
    ],
)
def test_a_file_that_cannot_be_a_spec_is_told(tmp_path, files, told):
    """Names and wholes."""
    assert complaints(write(tmp_path, files)) == [told]


def test_other_files_in_the_folders_are_left_alone(tmp_path):
    """A README, an editor's lock file and a hidden file are no specs."""
    assert (
        complaints(write(tmp_path, {"characters/README.md": "# x", "schedules/.#week.yaml": "x", "characters/a.txt": "x"}))
        == []
    )


def test_a_folder_without_specs_is_told(tmp_path):
    """Most likely the wrong folder."""
    with pytest.raises(
        SpecError, match=r"holds no characters/ and no schedules/\. Run it in a project's folder, or name one\."
    ):
        load(tmp_path)


def test_further_checks_tell_their_problems_with_the_others(tmp_path):
    """The plan asks backends about styles and voices; its problems have lines like all others."""

    def styles(project):
        for name, character in project.characters.items():
            yield project.problem(
                name, ("portrait", "style"), f"is no style (found '{character.portrait.style}')", "Choose one."
            )

    files = change("schedules/week.yaml", "size: 80", "size: 8")
    with pytest.raises(SpecError) as caught:
        load(write(tmp_path, files), checks=[styles])
    assert str(caught.value).splitlines() == [
        "characters/ada.yaml:4: portrait.style: is no style (found 'avataaars'). Choose one.",
        "characters/milo.yaml:2: portrait.style: is no style (found 'personas'). Choose one.",
        "schedules/week.yaml:19: episodes[1].scene.captions.size: must be at least 24 (found 8)."
        " Choose a number from 24 to 140.",
    ]


def test_three_hundred_episodes_load_in_two_seconds(tmp_path):
    """A year of schedule is no reason to wait."""
    episode = "  - id: e{n}\n    title: Title {n}\n    script:\n" + "      - ada: A sentence of some words to say.\n" * 8
    files = {
        f"schedules/s{k}.yaml": "episodes:\n" + "".join(episode.format(n=k * 100 + n) for n in range(100)) for k in range(3)
    }
    root = write(tmp_path, files)
    start = time.process_time()
    assert len(load(root).episodes) == 302
    assert time.process_time() - start < 2
