"""One wrong place, one line: where, what is wrong, what was found, what to do."""

# ruff: noqa: E501 -- a message is one line, here as on the terminal

from __future__ import annotations

import re

import pytest

from talkmill.specs import wording
from talkmill.specs.cross import MAX_WORDS
from tests.specs.project import FILES, change, complaints, write

A, M, W, C = "characters/ada.yaml", "characters/milo.yaml", "schedules/week.yaml", "config.yaml"
SHORT = "Use letters, digits, '.', '_' and '-', starting with a letter or digit, 80 at most."
PLAIN = "Write it in plain decimals, like 12 or 0.5."
EMPTY = "Give a value, or take the key away."
HASH = "# starts a comment in YAML: put the value in quotes."
COLOUR = 'Write it as six hex digits in quotes, like "#1A2B3C".'
DATE = "Write it as 2027-03-01 or 2027-03-01T18:00:00+01:00."
VECTOR = "Write {file: photos/nina.png} for a photograph, or {style: avataaars, seed: ada} for a vector character."
TRAITS = '{skinColor: "#AE5D29"}'
MAPPING = "Write `key: value` lines under it, indented."

WRONG = [
    # --- keys
    (A, "name: Ada", "nam: Ada", ["2: nam: is not a key that is known here. Did you mean 'name'?", "2: name: is missing. Add it: The name people see."]),
    (A, "    accent: ", "    color: ", ["15: scene.background.color: is not a key that is known here. Did you mean 'colour'?"]),
    (A, "backend: piper", "backend: piper\n  rate: 3", ["9: voice.rate: is not a key that is known here. Known here: backend, effects, model, speaker, variation."]),
    (M, ", pitch: 30", ", variation: 1", ["3: voice.variation: is not a key that is known here. Known here: backend, effects, pitch, voice."]),
    (W, "    title: Better coffee\n", "", ["3: episodes[0].title: is missing. Add it: Title of the video: one, or one for each language."]),
    (A, "name: Ada", "name: Ada\nname: Eva", ["3: name: is given twice (first in line 2). Keep one of the two."]),
    # --- texts
    (A, "name: Ada", "name:", [f"2: name: is empty. {EMPTY}"]),
    (A, "name: Ada", "name: null", [f"2: name: is null. {EMPTY}"]),
    (A, "name: Ada", "name: '  '", [f"2: name: is empty. {EMPTY}"]),
    (A, "name: Ada", "name: #1 fan", [f"2: name: is empty. {HASH}"]),
    (A, "name: Ada", f"name: {'x' * 61}", ["2: name: is too long (61 characters, the limit is 60). Shorten it."]),
    (A, "name: Ada", "name: {first: Ada}", ["2: name: must be a text (found a mapping). Write one text; a text that holds ': ' or starts with [ or { goes in quotes."]),
    (W, "- Grind it fresh.", "-", [f"7: episodes[0].script[0]: is empty. {EMPTY}"]),
    (W, "- Grind it fresh.", "- #grind it", [f"7: episodes[0].script[0]: is empty. {HASH}"]),
    (W, "Grind it fresh.", "a" * 1001, ["7: episodes[0].script[0]: is too long (1,001 characters, the limit is 1,000). Split it into several lines."]),
    (W, "{text: Then wait., emotion: tender}", "{text: [Then, wait]}", ["10: episodes[0].script[2].text: must be a text, or one text for each language. Write one text, or `en: ...` and `es: ...` below it."]),
    (W, "Grind it fresh.", '"Grind\\x01it"', ["7: episodes[0].script[0]: holds a control character (found U+0001). Take it away."]),
    # --- numbers and flags
    (A, "pitch: 1.5", "pitch: '1.5'", ["9: voice.effects.pitch: must be a number (found the text '1.5'). Take the quotes away."]),
    (A, "pitch: 1.5", "pitch: 1,5", ["9: voice.effects.5: is not a key that is known here. Known here: formant, pace, pitch."]),
    (A, "pitch: 1.5", "pitch: no", [f"9: voice.effects.pitch: must be a number (found 'no'). {PLAIN}"]),
    (A, "pitch: 1.5", "pitch: true", [f"9: voice.effects.pitch: must be a number (found 'true'). {PLAIN}"]),
    (A, "pitch: 1.5", "pitch: .nan", [f"9: voice.effects.pitch: must be a number (found '.nan'). {PLAIN}"]),
    (A, "pitch: 1.5", "pitch: 1_0", [f"9: voice.effects.pitch: must be a number (found '1_0'). {PLAIN}"]),
    (A, "pitch: 1.5", "pitch: 13", ["9: voice.effects.pitch: must be at most 12 (found 13). Choose a number from -12 to 12."]),
    (C, "fps: 30", "seed: 1.5", ["1: seed: must be a whole number (found 1.5). Take the fraction away."]),
    (C, "fps: 30", "seed: 012", [f"1: seed: must be a whole number (found '012'). {PLAIN}"]),
    (C, "fps: 30", f"seed: {'9' * 5000}", [f"1: seed: must be a whole number (found '{'9' * 39}…'). {PLAIN}"]),
    (C, "fps: 30", "horizon: -1", ["1: horizon: must be at least 0 (found -1). Choose a number from 0 to 3650."]),
    (C, "fps: 30", "fps: 29", ["1: fps: must be 24, 25, 30, 50 or 60 (found 29). Choose one of them."]),
    (C, "fps: 30", "fps:", [f"1: fps: is empty. {EMPTY}"]),
    (W, "    formats: [square]", "    skip: yes", ["20: episodes[1].skip: must be true or false (found 'yes'). Write true or false, without quotes."]),
    # --- choices
    (A, "backend: piper", "backend: pipper", ["8: voice.backend: is not known (found 'pipper'). Did you mean 'piper'?"]),
    (A, "backend: piper\n  ", "", ["7: voice.backend: is missing. Add it: which engine makes this, for example `backend: piper`."]),
    (M, "voice: {backend: espeak, pitch: 30}", "voice: espeak", ["3: voice.backend: is missing (found 'espeak' in its place). Write the keys below, `backend:` first."]),
    (W, "emotion: tender", "emotion: hapy", ["10: episodes[0].script[2].emotion: must be neutral, happy, sad, angry, surprised or tender (found 'hapy'). Did you mean 'happy'?"]),
    (W, "formats: [square]", "formats: [sqare]", ["20: episodes[1].formats[0]: must be vertical, square or wide (found 'sqare'). Did you mean 'square'?"]),
    (W, "formats: [square]", "formats: [square, square]", ["20: episodes[1].formats: names 'square' twice. Keep one of the two."]),
    (W, "formats: [square]", "formats: []", ["20: episodes[1].formats: is empty. Give at least one, or take the key away."]),
    (W, "formats: [square]", "formats: square", ["20: episodes[1].formats: must be a list (found 'square'). Start each item with '- ', one a line."]),
    # --- forms
    (A, '"#E8A33D"', "#E8A33D", [f"15: scene.background.accent: is empty. {HASH}"]),
    (A, '"#E8A33D"', "orange", [f"15: scene.background.accent: is no colour (found 'orange'). {COLOUR}"]),
    (A, '"#E8A33D"', '"#fff"', [f"15: scene.background.accent: is no colour (found '#fff'). {COLOUR}"]),
    (A, '["#22304F", "#0E1320"]', '["#22304F"]', ["14: scene.background.gradient.colours: holds too few (found 1, at least 2). Add some."]),
    (A, '["#22304F", "#0E1320"]', '["#111111"' + ', "#111111"' * 4 + "]", ["14: scene.background.gradient.colours: holds too many (found 5, 4 at most). Take some away."]),
    (A, "    accent: ", "    colour: ", ["13: scene.background: needs exactly one of colour, gradient and image (found colour and gradient). Keep one of the three."]),
    (A, "  es: {", "  Spanish: {", ["11: voices.Spanish: is no language tag (found 'Spanish'). Write it like en, es or pt-BR."]),
    (W, "id: coffee", "id: ../coffee", [f"3: episodes[0].id: must be a short name (found '../coffee'). {SHORT}"]),
    (W, "id: coffee", "id: two words", [f"3: episodes[0].id: must be a short name (found 'two words'). {SHORT}"]),
    (W, "tags: [coffee]", "tags: ['#coffee']", ["12: episodes[0].post.tags[0]: is no hashtag (found '#coffee'). Write one word without the #, 60 characters at most."]),
    (W, "2027-03-01T18:00:00+01:00", "01.03.2027", [f"11: episodes[0].publish_at: is no date (found '01.03.2027'). {DATE}"]),
    (W, "2027-03-01T18:00:00+01:00", "20270301", [f"11: episodes[0].publish_at: is no date (found '20270301'). {DATE}"]),
    (W, "2027-03-01T18:00:00+01:00", "0001-01-01", [f"11: episodes[0].publish_at: is no date (found '0001-01-01'). {DATE}"]),
    (W, "2027-03-01T18:00:00+01:00", "2027-02-30", [f"11: episodes[0].publish_at: is no date (found '2027-02-30'). {DATE}"]),
    (W, "2027-03-01T18:00:00+01:00", "2027-03-01 at six", [f"11: episodes[0].publish_at: is no date (found '2027-03-01 at six'). {DATE}"]),
    (A, "scene:\n", "scene: dark\nx:\n", ["12: scene: must be a mapping (found 'dark'). " + MAPPING, "13: x: is not a key that is known here. Known here: animate, lipsync, name, portrait, routes, scene, voice, voices."]),
    (A, TRAITS, "{skinColor: {a: b}}", ["6: portrait.traits.skinColor: is no trait's value. Give a text, a number, true or false, or a list of texts."]),
    (A, TRAITS, "\n    skinColor: #AE5D29", [f"7: portrait.traits.skinColor: is empty. {HASH}"]),
    (A, TRAITS, "[a]", [f"6: portrait.traits: must be a mapping (found a list). {MAPPING}"]),
    # --- photos
    (M, "{style: personas, seed: milo}", "milo.png", [f"2: portrait: is no vector character (found 'milo.png'). {VECTOR}"]),
    (M, "{style: personas, seed: milo}", "{photo: milo.png}", [f"2: portrait: is no vector character (found photo:). {VECTOR}"]),
    (M, "{style: personas, seed: milo}", "{backend: photo, style: x}", [f"2: portrait: is no vector character (found backend: photo). {VECTOR}"]),
    (M, "{style: personas, seed: milo}", "{file: milo.png}", ["2: portrait.file: is not there (found 'milo.png'). Put the file there, or mend the path: it starts at project/."]),
    (M, "{style: personas, seed: milo}", "{file: ../milo.png}", ["2: portrait.file: leaves the project (found '../milo.png'). Put the file into the project and write its path from there."]),
    (M, "{style: personas, seed: milo}", "{clip: schedules}", ["2: portrait.clip: is no file (found 'schedules'). Name a file in that folder."]),
    (M, "{style: personas, seed: milo}", "{backend: file}", ["2: portrait: needs exactly one of file and clip (found none). Keep `file` for a picture, `clip` for a video."]),
    (M, "{style: personas, seed: milo}", "{file: config.yaml, clip: config.yaml}", ["2: portrait: needs exactly one of file and clip (found both). Keep `file` for a picture, `clip` for a video."]),
    (M, "{style: personas, seed: milo}", "{file: config.yaml, mouth_box: [0.5, 0.5, 0.6, 0.1]}", ["2: portrait: has a mouth_box that does not lie in the picture (found 0.5, 0.5, 0.6, 0.1). Give left, top, width and height, each from 0 to 1."]),
    (M, "{style: personas, seed: milo}", "{backend: avatr, style: x}", ["2: portrait.backend: is not known (found 'avatr'). Did you mean 'avatar'?"]),
    # --- drawings
    (M, "{style: personas, seed: milo}", "{backend: sheet}", ["2: portrait.folder: is missing. Add it: The folder of the layers."]),
    (M, "{style: personas, seed: milo}", "{sheet: characters/pip}", ["2: portrait: has no key of that name (found sheet:). Write {backend: sheet, folder: characters/pip}."]),
    (M, "{style: personas, seed: milo}", "{folder: pictures}", ["2: portrait.folder: is not there (found 'pictures'). Put the file there, or mend the path: it starts at project/."]),
    (M, "{style: personas, seed: milo}", "{backend: sheet, folder: ../pip}", ["2: portrait.folder: leaves the project (found '../pip'). Put the file into the project and write its path from there."]),
    (M, "{style: personas, seed: milo}", "{backend: sheet, folder: config.yaml}", ["2: portrait.folder: is no folder (found 'config.yaml'). Name the folder that the layers are in."]),
    (M, "{style: personas, seed: milo}", "{folder: schedules, mouths: rubarb}", ["2: portrait.mouths: must be rhubarb, preston-blair or oculus (found 'rubarb'). Did you mean 'rhubarb'?"]),
    (M, "{style: personas, seed: milo}", "{folder: schedules, anchors: {mouth: [1]}}", ["2: portrait.anchors.mouth: holds too few (found 1, at least 2). Add some."]),
    (M, "{style: personas, seed: milo}", "{folder: schedules, anchors: {chin: low}}", ["2: portrait.anchors.chin: must be a number (found 'low'). Write it in plain decimals, like 12 or 0.5."]),
    # --- lines
    (W, "- Grind it fresh.", "- Note: grind it", ["7: episodes[0].script[0].Note: is no character (found 'Note'). Known characters: ada, milo. A text that holds ': ' goes in quotes."]),
    (W, "- Grind it fresh.", "- txt: grind it", ["7: episodes[0].script[0].txt: is no character (found 'txt'). Did you mean the key 'text'?"]),
    (W, "- Grind it fresh.", "- Remember this: grind it", ["7: episodes[0].script[0]: is no line (found 'Remember this'). Write a text, or `character: text`; a text that holds ': ' goes in quotes."]),
    (W, "- Grind it fresh.", "- {en: Grind, es: Muele}", ["7: episodes[0].script[0]: is no line (found 'en, es'). Write the languages under `text:`, like {text: {en: ..., es: ...}}."]),
    (W, "- Grind it fresh.", "- {speaker: ada, say: x}", ["7: episodes[0].script[0].say: is not a key that is known here. Known here: emotion, end, overlap, pause, recording, shot, speaker, start, sung, text.", "7: episodes[0].script[0].text: is missing. Add it: What is said: one text, or one for each language. 1,000 characters at most: a line is one breath or two."]),
    (W, "- milo: And weigh it.\n        pause: 0.6", "- milo: And weigh it.\n        pause: 60", ["9: episodes[0].script[1].pause: must be at most 10 (found 60). Choose a number from 0.1 to 10."]),
    (W, "    script:\n      - ada: {en: Hello there., es: Hola a todos.}", "    script: []", ["16: episodes[1].script: is empty. Give at least one, or take the key away."]),
    (W, "Grind it fresh.", '"... \U0001f600!"', ["7: episodes[0].script[0]: holds no word (found '... \U0001f600!'). Write what is said; for silence set the `pause:` of the line before."]),
    # --- between files
    (W, "    speaker: ada\n", "", ["6: episodes[0].script[0]: nobody speaks this line. Give the episode or the line a `speaker:`.", "9: episodes[0].script[2]: nobody speaks this line. Give the episode or the line a `speaker:`."]),
    (W, "    speaker: ada\n", "    speaker: adda\n", ["5: episodes[0].speaker: is no character (found 'adda'). Did you mean 'ada'?"]),
    (W, "id: greeting", "id: coffee", ["13: episodes[1].id: is taken (found 'coffee', first in schedules/week.yaml:3). Give it another id: each episode has a folder of its own."]),
    (W, "id: greeting", "id: Coffee", ["13: episodes[1].id: differs from 'coffee' (schedules/week.yaml:3) in upper and lower case only. Give it another id: some disks cannot tell them apart."]),
    (W, ", es: Hola a todos.}", "}", ["17: episodes[1].script[0].ada: lacks es (found en). Add the text, or take the language from the episode's `languages:`."]),
    (W, "title: {en: Hello, es: Hola}", "title: {en: Hello}", ["14: episodes[1].title: lacks es (found en). Add the text, or take the language from the episode's `languages:`."]),
    (W, "{en: Hello there., es: Hola a todos.}", "Hello.", ["17: episodes[1].script[0].ada: is one text, and the episode is made in en and es. Give one for each: {en: ..., es: ...}."]),
    (W, "post: {text: Try it.", "post: {text: {es: X}", ["12: episodes[0].post.text: lacks en (found es). Add the text, or take the language from the episode's `languages:`."]),
    # --- files of the project
    (A, "    gradient: {colours: [\"#22304F\", \"#0E1320\"], angle: 160}", "    image: ../wall.png", ["14: scene.background.image: leaves the project (found '../wall.png'). Put the file into the project and write its path from there."]),
    (A, "    gradient: {colours: [\"#22304F\", \"#0E1320\"], angle: 160}", "    image: /etc/passwd", ["14: scene.background.image: leaves the project (found '/etc/passwd'). Put the file into the project and write its path from there."]),
    (A, "    gradient: {colours: [\"#22304F\", \"#0E1320\"], angle: 160}", "    image: https://x.org/a.png", ["14: scene.background.image: is no path in the project (found 'https://x.org/a.png'). Write it with '/', from the project's folder."]),
    (A, "    gradient: {colours: [\"#22304F\", \"#0E1320\"], angle: 160}", "    image: characters", ["14: scene.background.image: is no file (found 'characters'). Name a file in that folder."]),
    (A, "    gradient: {colours: [\"#22304F\", \"#0E1320\"], angle: 160}", "    image: config.yaml", ["14: scene.background.image: is no picture (found 'config.yaml'). Give a real PNG, JPEG or WebP; another name does not make it one."]),
    (A, "backend: piper", "backend: piper\n  model: jo", ["9: voice.model: is no piper voice (found 'jo'). Did you mean 'joe'?"]),
    (A, "backend: piper", "backend: piper\n  model: amy-medium", ["9: voice.model: is no piper voice (found 'amy-medium'). Give 'joe', or the path of an .onnx file of the project."]),
    (C, 'captions: {highlight: "#7CE0C3"}', "captions: {font: config.ttf}", ["3: scene.captions.font: is not there (found 'config.ttf'). Put the file there, or mend the path: it starts at project/."]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "told"), WRONG, ids=[f"{n:02}-{told[0][:50]}" for n, (*_, told) in enumerate(WRONG)]
)
def test_a_wrong_place_is_told_in_one_line(tmp_path, file, old, new, told):
    """Every problem, at its line, in our own words, and nothing else."""
    found = complaints(write(tmp_path / "project", change(file, old, new)))
    assert found == [f"{file}:{line}" for line in told]
    assert not re.search(r"pydantic|Value error|Input should|https://errors|Traceback", "\n".join(found))


def test_a_script_of_twenty_thousand_words_is_one_line(tmp_path):
    """Words count, not lines."""
    line = "      - ada: " + "word " * 100 + "\n"
    text = FILES[W] + "  - id: long\n    title: Long\n    script:\n" + line * 200
    assert complaints(write(tmp_path, {W: text})) == [
        f"{W}:23: episodes[2].script: is too long (20,000 words in en, the limit is 3,000). Split it into several episodes."
    ]


def test_a_script_without_spaces_counts_its_characters(tmp_path):
    """Chinese has no spaces between its words."""
    line = "      - ada: " + "\u8336" * 800 + "\n"
    text = FILES[W] + "  - id: long\n    title: Long\n    languages: [zh]\n    script:\n" + line * 4
    assert ["3,200 words in zh" in line for line in complaints(write(tmp_path, {W: text}))] == [True]
    assert MAX_WORDS == 3000


def test_a_link_that_leaves_the_project_is_refused(tmp_path):
    """The project's files are all that a video is made of."""
    root = write(tmp_path / "project", change(A, 'gradient: {colours: ["#22304F", "#0E1320"], angle: 160}', "image: wall.png"))
    (tmp_path / "outside.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (root / "wall.png").symlink_to(tmp_path / "outside.png")
    told = "is a link that leaves the project (found 'wall.png'). Put the file itself into the project."
    assert complaints(root) == [f"{A}:14: scene.background.image: {told}"]
    (root / "wall.png").unlink()
    (root / "wall.png").symlink_to("wall.png")
    assert "wall.png" in complaints(root)[0]


@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBP"])
def test_a_picture_is_known_by_its_first_bytes(tmp_path, head):
    """Not by its name."""
    root = write(tmp_path, change(A, 'gradient: {colours: ["#22304F", "#0E1320"], angle: 160}', "image: images/wall"))
    (root / "images").mkdir()
    (root / "images/wall").write_bytes(head + b"more")
    assert complaints(root) == []


def test_a_voice_file_needs_its_config_beside_it(tmp_path):
    """Piper reads both."""
    root = write(tmp_path, change(A, "backend: piper", "backend: piper\n  model: voices/amy.onnx"))
    (root / "voices").mkdir()
    (root / "voices/amy.onnx").write_bytes(b"x")
    told = "has no amy.onnx.json beside it. Put the voice's .onnx.json there: it comes with the .onnx."
    assert complaints(root) == [f"{A}:9: voice.model: {told}"]
    (root / "voices/amy.onnx.json").write_text("{}")
    assert complaints(root) == []


def test_an_error_type_without_words_of_its_own_is_still_told_in_ours():
    """A new pydantic adds types; its own texts and addresses never reach a person."""
    what, cure = wording._words("brand_new_type", 3, {}, None, ("a",))
    assert f"{what}. {cure}" == "cannot be used here (found 3). See docs/reference for what may stand here."
    what, cure = wording._words("value_error", 3, {"error": ValueError("is odd.")}, None, ("a",))
    assert f"{what}. {cure}" == "is odd. See docs/reference for what may stand here."
