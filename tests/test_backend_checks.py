"""What no voice can say and no font can draw is told before anything runs."""

# ruff: noqa: E501 -- a message is one line, here as on the terminal

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from talkmill.backend_checks import CHECKS
from talkmill.backends.caption import fonts
from talkmill.backends.speak import espeak_voices
from talkmill.errors import SpecError
from talkmill.picture import name_line
from talkmill.plan import make_plan
from talkmill.specs import load
from tests.workflow.project import HOME, Project

A, M, W = "characters/ada.yaml", "characters/milo.yaml", "schedules/week.yaml"
VOICE = "backend: espeak"
KNOWN = "Choose one of Poppins, Rubik, Open Sans, Noto Sans Thai, or give the path of a .ttf or .otf file."
LATIN = "Write it in Latin, Greek or Cyrillic letters, or set name_line.show to false."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two characters with espeak's voices, two episodes in English."""
    return Project.new(tmp_path / "project")


def told(project: Project) -> list[str]:
    """The problems of the specs, one line each."""
    try:
        load(project.root, CHECKS)
    except SpecError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    ("voice", "language", "problem"),
    [
        ("hibari", "de", "hibari speaks English only. One that can: `voices: {de: {backend: espeak}}`."),
        ("hibari", "es-MX", "hibari speaks English only. One that can: `voices: {es: {backend: kokoro}}`."),
        ("hibari", "en-GB", None),
        ("kokoro", "ja", "kokoro speaks en, es, fr, it, pt only. One that can: `voices: {ja: {backend: espeak}}`."),
        ("kokoro", "pt-BR", None),
        ("piper", "fr", "piper speaks another language (the text is 'fr', the voice 'en-us'). One that can: `voices: {fr: {backend: kokoro}}`."),
        ("piper", "en-AU", None),
        ("espeak", "zz", "espeak has no voice for zz. No voice that comes with Talkmill can: correct the language's tag, or give the path of a Piper voice that can."),
        ("espeak", "sr-Latn-RS", None),
        ("espeak", "zh-Hant-TW", None),
    ],
)  # fmt: skip
def test_a_voice_that_cannot_speak_the_language_is_told_with_one_that_can(
    project: Project, voice: str, language: str, problem: str | None
) -> None:
    """At the character's voice; once, however many episodes."""
    project.edit(M, VOICE, f"backend: {voice}")
    project.edit(A, VOICE, f"{VOICE}\n  voice: en-gb+f3")
    project.edit(W, "languages: [en]", f"languages: [{language}]")
    expected = [f"{M}:6: voice: cannot speak {language}, as Milo does in 'talk' and 1 more: {problem}"] if problem else []
    assert told(project) == expected


def test_a_voice_for_the_language_is_what_counts(project: Project) -> None:
    """And what is to be left out counts for nothing."""
    project.edit(A, VOICE, "backend: hibari\nvoices:\n  de: {backend: piper}")
    project.edit(W, "languages: [en]", "languages: [de]")
    assert [line.split(": ")[1] for line in told(project)] == ["voices.de"]
    project.edit(A, "de: {backend: piper}", "de: {backend: espeak}")
    assert told(project) == []
    project.edit(A, "de: {backend: espeak}", "fr: {backend: espeak}")
    assert len(told(project)) == 1
    project.edit(W, "title: A talk", "title: A talk\n    skip: true")
    assert told(project) == []


def test_misnamed_voices_are_told_with_near_ones(project: Project) -> None:
    """Voice, variant, and the number of a speaker."""
    project.edit(A, VOICE, f"{VOICE}\n  voice: en-scotish")
    project.edit(M, VOICE, "backend: piper\n  speaker: 3\nvoices:\n  es: {backend: espeak, voice: es+f33}")
    assert told(project) == [
        f"{A}:8: voice.voice: espeak has no voice of that name or language ('en-scotish'). Near ones are en-shaw, en-gb-scotland, en-us, en-us-nyc.",
        f"{M}:8: voice.speaker: piper has no speaker of that number (3; the voice has one speaker). Give one of these, or leave it out.",
        f"{M}:10: voices.es.voice: espeak has no variant of that name ('f33' in 'es+f33'). Near ones are f3, m3, f5, f4.",
    ]


def test_a_voice_file_is_looked_at(project: Project) -> None:
    """A page or a pointer in its place, settings that are none, its language, its speakers."""
    project.edit(A, VOICE, "backend: piper\n  model: v.onnx\n  speaker: 3")
    model, settings = project.root / "v.onnx", project.root / "v.onnx.json"
    model.write_text("version https://git-lfs.github.com/spec/v1\n")
    settings.write_text("{")
    assert told(project) == [
        f"{A}:8: voice.model: has a v.onnx.json beside it that is no voice's settings. Put the .onnx.json there that came with the voice.",
        f"{A}:8: voice.model: is no voice (it is a pointer of Git LFS, found 'v.onnx'). Fetch the .onnx file again: it has to be the voice itself, not a page or a pointer to it.",
    ]
    model.write_bytes(b"\x08\x07\x12\x07pytorch")
    settings.write_text('{"espeak": {"voice": "de"}, "num_speakers": 3, "phoneme_id_map": {}}')
    assert told(project) == [
        f"{A}:6: voice: cannot speak en, as Ada does in 'talk': piper speaks another language (the text is 'en', the voice 'de'). One that can: `voices: {{en: {{backend: hibari}}}}`.",
        f"{A}:9: voice.speaker: piper has no speaker of that number (3; the voice has speakers 0 to 2). Give one of these, or leave it out.",
    ]
    settings.write_text('{"espeak": {"voice": "en-gb"}, "num_speakers": 4, "phoneme_id_map": {}}')
    assert told(project) == []


def test_unknown_fonts_are_told_where_they_are_named(project: Project) -> None:
    """In any of the three files; a known one in any case."""
    project.edit(A, "scene:", "scene:\n  captions: {font: Popins}")
    project.edit(M, "scene:", "scene:\n  captions: {font: open sans}")
    project.edit(W, "title: Alone", "title: Alone\n    scene: {captions: {font: Comic Sans}}")
    assert told(project) == [
        f"{A}:9: scene.captions.font: is no font that comes with Talkmill (found 'Popins'). {KNOWN}",
        f"{W}:11: episodes[1].scene.captions.font: is no font that comes with Talkmill (found 'Comic Sans'). {KNOWN}",
    ]


def test_letters_that_no_font_has_are_told_once_an_episode(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chinese needs the extra; emoji are never drawn and need nothing."""
    project.edit(W, "Only one", "Γειά مرحبا नमस्ते สวัสดี \U0001f600 only one")
    assert told(project) == []
    project.edit(W, "Good morning", "ᚠᚢ good morning")
    none = "Give a font file that has them as captions.font, or write the text without them."
    assert told(project) == [f"{W}:6: episodes[0].script[0]: has letters in en that no font here can draw (found ᚠ ᚢ). {none}"]
    project.edit(W, "ᚠᚢ good", "日本 good")
    assert told(project) == []
    monkeypatch.setattr(fonts, "find_spec", lambda name: None if name == fonts.CJK else object())
    assert told(project) == [
        f"{W}:6: episodes[0].script[0]: has letters in en that no font here can draw (found 日 本). Install talkmill[cjk] (pip install 'talkmill[cjk]'), or give a font file that has them as captions.font."
    ]


def test_a_font_file_of_the_users_draws_what_it_has(project: Project) -> None:
    """A Thai font draws no runes; what is no font is told."""
    project.edit(A, "scene:", "scene:\n  captions: {font: mine.ttf}")
    project.edit(W, "Good morning", "ᚠ good morning")
    source = fonts.FAMILIES["Noto Sans Thai"].path()
    (project.root / "mine.ttf").write_bytes(source.read_bytes())
    assert ["found ᚠ" in line for line in told(project)] == [True]
    (project.root / "mine.ttf").write_bytes(source.read_bytes()[:400])
    assert ["is no font that can be read" in line for line in told(project)] == [True]
    (project.root / "mine.ttf").write_text("a page")
    assert ["is no font file" in line for line in told(project)] == [True]


def test_names_and_roles_that_the_name_line_cannot_draw_are_told(project: Project) -> None:
    """Where they stand; without a name line there is nothing to draw."""
    project.edit(A, "name: Ada", "name: عدا")
    project.edit(M, "scene:", "scene:\n  name_line: {role: 料理}")
    assert told(project) == [
        f"{A}:1: name: has letters that the name line cannot draw (found 'عدا'). {LATIN}",
        f"{M}:9: scene.name_line.role: has letters that the name line cannot draw (found '料理'). {LATIN}",
    ]
    (project.root / "config.yaml").write_text("scene: {name_line: {show: false}}\n")
    assert told(project) == []
    (project.root / "config.yaml").write_text("")
    project.edit(A, "عدا", "Άδα Łódź")
    project.edit(M, "料理", "Хлеб")
    assert told(project) == []


def test_letters_that_are_not_looked_up_are_there() -> None:
    """The short cuts are true of the fonts that are installed."""
    known = frozenset().union(*(fonts.Face(source).characters for source in fonts.FAMILIES.values()))
    drawn = {letter for letter in fonts.EVERYWHERE if not fonts.is_invisible(letter) and not fonts.is_picture(letter)}
    assert [letter for letter in sorted(drawn) if ord(letter) not in known] == []
    assert name_line._family("".join(sorted(name_line.PLAIN - {"\xad"})))[0] == "fontpkg-poppins"


def test_espeaks_own_list_of_voices_is_the_one_that_is_read_from_its_files() -> None:
    """The engine is asked, in its own process."""
    program = (
        "import sys; sys.argv = ['x']; import espeak_worker as w, espeakng_loader as e;"
        "w.library.espeak_Initialize(2, 0, str(e.get_data_path()).encode(), 0x8000); print(' '.join(w.tags()).lower())"
    )
    engines = HOME / "talkmill/backends/speak/engines"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=engines)
    voices = espeak_voices.installed()
    assert voices is not None
    assert set(done.stdout.split()) == voices.languages
    assert all(map(voices.has, ("German", "gmw/de", "en-AU")))
    assert not voices.has("klingonese")


def test_checks_load_nothing_heavy() -> None:
    """Neither engines nor fonts, for the demo.

    numpy (50 ms) may come in: openfacefx, which knows the names of a drawn character's mouths, imports it.
    """
    program = (
        "import sys; from talkmill.specs import load; from talkmill.backend_checks import CHECKS;"
        f"load({str(HOME)!r}, CHECKS);"
        "print([name for name in ('cv2', 'PIL', 'fontTools', 'onnxruntime', 'hibari', 'piper') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=HOME)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_three_hundred_episodes_in_unusual_letters_are_planned_in_seconds(project: Project) -> None:
    """2,400 lines of Greek."""
    lines = "".join(f"      - Γειά σου κόσμε {number}.\n" for number in range(8))
    episodes = "".join(f"  - id: e{n}\n    title: E{n}\n    speaker: milo\n    script:\n{lines}" for n in range(300))
    (project.root / "schedules/year.yaml").write_text(f"languages: [el]\nepisodes:\n{episodes}")
    start = time.process_time()
    assert len(make_plan(project.root, date(2026, 11, 25)).releases) == 302
    assert time.process_time() - start < 2.5
