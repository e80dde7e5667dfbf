"""Every problem of every file in one run, also those that used to hide each other."""

# ruff: noqa: E501 -- a message is one line, here as on the terminal

from __future__ import annotations

import pytest

from talkmill.errors import SpecError
from talkmill.specs import load
from tests.specs.project import change, complaints, write

ADA = """\
name: ''
portrait:
  style: [x]
  seed: ada
  traits: {skinColor: {a: b}, hair: ''}
voice:
  backend: pipper
  model: missing.onnx
  effects: {pitch: 99, pase: 1}
voices:
  Spanish: {backend: espeak}
  de: {effects: {formant: high}}
scene:
  background:
    colour: red
    image: missing.png
    accent: "#12"
  captions: {size: 8, font: missing.ttf}
"""

WEEK = """\
languages: [en, Deutsch]
episodes:
  - id: one
    titel: One
    title: One
    speaker: adda
    pause: 3
    script:
      - Hello.
      - milo: And weigh it.
        pause: 60
      - nobody: Who am I?
      - ...
      - {speaker: milo, text: Then wait., emotion: hapy}
      - {speaker: eve, text: '', pause: 99}
  - id: one
    title: {en: '', es: Hola}
    languages: [en, es, es]
    script:
      - ada: {en: Hello there.}
      - ada: Hello.
      - Remember this: grind it
        pause: 77
      - Nobody is named here.
    scene:
      background: {image: ../wall.png}
      captions: {font: nowhere.otf, size: huge}
    formats: [square, sqare, square]
    post: {text: {de: Hallo}, tags: ['#x', fine, 'two words']}
"""

TOLD = [
    "characters/ada.yaml:1: name: is empty",
    "characters/ada.yaml:3: portrait.style: must be a text (found a list)",
    "characters/ada.yaml:5: portrait.traits.hair: is empty",
    "characters/ada.yaml:5: portrait.traits.skinColor: is no trait's value",
    "characters/ada.yaml:7: voice.backend: is not known (found 'pipper'). Did you mean 'piper'?",
    "characters/ada.yaml:8: voice.model: is not there (found 'missing.onnx')",
    "characters/ada.yaml:9: voice.effects.pase: is not a key that is known here. Did you mean 'pace'?",
    "characters/ada.yaml:9: voice.effects.pitch: must be at most 12 (found 99)",
    "characters/ada.yaml:11: voices.Spanish: is no language tag (found 'Spanish')",
    "characters/ada.yaml:12: voices.de.backend: is missing",
    "characters/ada.yaml:12: voices.de.effects.formant: must be a number (found 'high')",
    "characters/ada.yaml:14: scene.background: needs exactly one of colour, gradient and image (found colour and image)",
    "characters/ada.yaml:15: scene.background.colour: is no colour (found 'red')",
    "characters/ada.yaml:17: scene.background.accent: is no colour (found '#12')",
    "characters/ada.yaml:18: scene.captions.font: is not there (found 'missing.ttf')",
    "characters/ada.yaml:18: scene.captions.size: must be at least 24 (found 8)",
    "config.yaml:1: fps: must be 24, 25, 30, 50 or 60 (found 29)",
    "config.yaml:3: scene.captions.font: is not there (found 'brand.ttf')",
    "schedules/week.yaml:1: languages[1]: is no language tag (found 'Deutsch')",
    "schedules/week.yaml:4: episodes[0].titel: is not a key that is known here. Did you mean 'title'?",
    "schedules/week.yaml:6: episodes[0].speaker: is no character (found 'adda'). Did you mean 'ada'?",
    "schedules/week.yaml:7: episodes[0].pause: is not a key that is known here",
    "schedules/week.yaml:11: episodes[0].script[1].pause: must be at most 10 (found 60)",
    "schedules/week.yaml:12: episodes[0].script[2].nobody: is no character (found 'nobody')",
    "schedules/week.yaml:13: episodes[0].script[3]: holds no word (found '...')",
    "schedules/week.yaml:14: episodes[0].script[4].emotion: must be neutral, happy, sad, angry, surprised or tender (found 'hapy')",
    "schedules/week.yaml:15: episodes[0].script[5].pause: must be at most 10 (found 99)",
    "schedules/week.yaml:15: episodes[0].script[5].speaker: is no character (found 'eve')",
    "schedules/week.yaml:15: episodes[0].script[5].text: is empty",
    "schedules/week.yaml:16: episodes[1].id: is taken (found 'one', first in schedules/week.yaml:3)",
    "schedules/week.yaml:17: episodes[1].title.en: is empty",
    "schedules/week.yaml:18: episodes[1].languages: names 'es' twice",
    "schedules/week.yaml:20: episodes[1].script[0].ada: lacks es (found en)",
    "schedules/week.yaml:21: episodes[1].script[1].ada: is one text, and the episode is made in en and es",
    "schedules/week.yaml:22: episodes[1].script[2]: is no line (found 'Remember this')",
    "schedules/week.yaml:23: episodes[1].script[2].pause: must be at most 10 (found 77)",
    "schedules/week.yaml:24: episodes[1].script[3]: is one text, and the episode is made in en and es",
    "schedules/week.yaml:24: episodes[1].script[3]: nobody speaks this line",
    "schedules/week.yaml:26: episodes[1].scene.background.image: leaves the project (found '../wall.png')",
    "schedules/week.yaml:27: episodes[1].scene.captions.font: is not there (found 'nowhere.otf')",
    "schedules/week.yaml:27: episodes[1].scene.captions.size: must be a whole number (found 'huge')",
    "schedules/week.yaml:28: episodes[1].formats: names 'square' twice",
    "schedules/week.yaml:28: episodes[1].formats[1]: must be vertical, square or wide (found 'sqare')",
    "schedules/week.yaml:29: episodes[1].post.tags[0]: is no hashtag (found '#x')",
    "schedules/week.yaml:29: episodes[1].post.tags[2]: is no hashtag (found 'two words')",
    "schedules/week.yaml:29: episodes[1].post.text: lacks en and es (found de)",
]


def test_problems_that_hide_each_other_are_all_told_at_once(tmp_path):
    """Forty problems of all kinds: keys, types, forms, other files, other episodes."""
    config = 'fps: 29\nscene:\n  captions: {font: brand.ttf, highlight: "#7CE0C3"}\n'
    root = write(tmp_path, {"characters/ada.yaml": ADA, "schedules/week.yaml": WEEK, "config.yaml": config})
    found = complaints(root)
    assert [told for told in TOLD if not any(line.startswith(told) for line in found)] == []
    assert [line for line in found if not any(line.startswith(told) for told in TOLD)] == []
    assert len(found) == len(TOLD)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    speaker: ada\n", "    speakr: ada\n", ["5: episodes[0].speakr: is not a key that is known here. Did you mean 'speaker'?"]),
        ("languages: [en, es]", "langages: [en, es]", ["15: episodes[1].langages: is not a key that is known here. Did you mean 'languages'?"]),
        ("languages: [en, es]", "languages: es", ["15: episodes[1].languages: must be a list (found 'es'). Start each item with '- ', one a line."]),
        ("{en: Hello, es: Hola}", "{en: Hello, Spanish: Hola}", ["14: episodes[1].title.Spanish: is no language tag (found 'Spanish'). Write it like en, es or pt-BR."]),
        ("id: greeting", "id: ../coffee", ["13: episodes[1].id: must be a short name (found '../coffee'). Use letters, digits, '.', '_' and '-', starting with a letter or digit, 80 at most."]),
    ],
)  # fmt: skip
def test_a_problem_brings_no_others_with_it(tmp_path, old, new, told):
    """What follows from a mistake alone is not a second mistake."""
    assert complaints(write(tmp_path, change("schedules/week.yaml", old, new))) == [
        f"schedules/week.yaml:{line}" for line in told
    ]


def test_further_checks_see_what_is_right_and_tell_nothing_of_what_is_wrong(tmp_path):
    """A character with a wrong name has a portrait that can be looked at; a wrong seed is told once."""
    seen = []

    def check(project):
        for name, character in project.characters.items():
            seen.append((name, character.portrait.style))
            yield project.problem(name, ("portrait", "style"), "is ugly", "Take another.")
            yield project.problem(name, ("portrait", "seed"), "is odd", "Take another.")

    files = change("characters/ada.yaml", "seed: ada", "seed: [a]") | change("schedules/week.yaml", "size: 80", "size: 8")
    with pytest.raises(SpecError) as caught:
        load(write(tmp_path, files), checks=[check])
    assert seen == [("ada", "avataaars"), ("milo", "personas")]
    assert [(problem.file, problem.path) for problem in caught.value.problems] == [
        ("characters/ada.yaml", "portrait.style"),
        ("characters/ada.yaml", "portrait.seed"),
        ("characters/milo.yaml", "portrait.seed"),
        ("characters/milo.yaml", "portrait.style"),
        ("schedules/week.yaml", "episodes[1].scene.captions.size"),
    ]
    told = [str(problem) for problem in caught.value.problems if problem.path == "portrait.seed"]
    assert "must be a text" in told[0]
    assert "is odd" in told[1]


def test_a_file_is_read_on_behind_an_alias_and_a_template(tmp_path):
    """Only what cannot be understood at all ends the reading of a file."""
    files = {
        "characters/ada.yaml": "name: *who\nportrait: {style: 5, seed: {{seed}}}\nvoice: {backend: espeak, pitch: 100}\n---\nx: 1\n"
    }
    assert complaints(write(tmp_path, files)) == [
        "characters/ada.yaml:1: name: is a YAML alias (found '*who'). Write the value out; a text that starts with * goes in quotes.",
        "characters/ada.yaml:2: portrait.seed: has a list or mapping as a key. A key is one word; a text that starts with [ or { goes in quotes.",
        "characters/ada.yaml:3: voice.pitch: must be at most 99 (found 100). Choose a number from 0 to 99.",
        "characters/ada.yaml:4: starts a second YAML document. Take the line '---' away, or make it a second file.",
    ]
