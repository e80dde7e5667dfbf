"""A small valid project for the tests to break."""

from __future__ import annotations

from pathlib import Path

from talkmill.errors import SpecError
from talkmill.specs import load

ADA = """\
# yaml-language-server: $schema=../schemas/character.schema.json
name: Ada
portrait:
  style: avataaars
  seed: ada
  traits: {skinColor: "#AE5D29"}
voice:
  backend: piper
  effects: {pitch: 1.5, pace: 1.05}
voices:
  es: {backend: espeak}
scene:
  background:
    gradient: {colours: ["#22304F", "#0E1320"], angle: 160}
    accent: "#E8A33D"
  name_line: {role: Head of Coffee}
"""

MILO = """\
name: Milo
portrait: {style: personas, seed: milo}
voice: {backend: espeak, pitch: 30}
"""

WEEK = """\
languages: [en]
episodes:
  - id: coffee
    title: Better coffee
    speaker: ada
    script:
      - Grind it fresh.
      - milo: And weigh it.
        pause: 0.6
      - {text: Then wait., emotion: tender}
    publish_at: 2027-03-01T18:00:00+01:00
    post: {text: Try it., tags: [coffee]}
  - id: greeting
    title: {en: Hello, es: Hola}
    languages: [en, es]
    script:
      - ada: {en: Hello there., es: Hola a todos.}
    scene:
      captions: {size: 80}
    formats: [square]
"""

CONFIG = """\
fps: 30
scene:
  captions: {highlight: "#7CE0C3"}
"""

FILES = {
    "characters/ada.yaml": ADA,
    "characters/milo.yaml": MILO,
    "schedules/week.yaml": WEEK,
    "config.yaml": CONFIG,
}


def write(root: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """The valid project under `root`, with some files replaced or added."""
    for name, text in {**FILES, **(files or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def change(file: str, old: str, new: str) -> dict[str, str | bytes]:
    """One file with one place changed."""
    assert FILES[file].count(old) == 1, f"{old!r} must be in {file} once"
    return {file: FILES[file].replace(old, new)}


def complaints(root: Path) -> list[str]:
    """The lines that loading the project ends with; empty where it loads."""
    try:
        load(root)
    except SpecError as error:
        return str(error).splitlines()
    return []
