"""The files that `talkmill new` writes: valid as they stand, with what else can be set in comments."""

from __future__ import annotations

import re
from pathlib import Path

from talkmill.errors import PrerequisiteError, RequestError
from talkmill.specs.shorthand import ID_PATTERN

CHARACTER = """\
# yaml-language-server: $schema=../schemas/character.schema.json
# Every key: docs/reference/character.md

name: {name}

portrait:
  style: avataaars # another style is another look; a wrong name is answered with the list
  seed: "{id}" # any text; another text is another person
  # traits: # stand over the seed's choice, by the style's own names
  #   skinColor: "#AE5D29"

voice:
  backend: piper # joe, a man's voice; hibari is a woman's, both for English; espeak has a hundred languages, robotic
  # model: voices/another.onnx # a Piper voice of yours in this project, with its .onnx.json beside it
  # effects:
  #   pitch: 1 # semitones
  #   formant: 1 # above 0 smaller and younger, below 0 larger
  #   pace: 1.05

# voices: # for other languages
#   es: {{backend: espeak}}

scene:
  background:
    gradient: {{colours: ["#4A63B8", "#1F2B61"]}}
    accent: "#7086D6" # colours need their quotes: # starts a comment
  name_line:
    role: New here
"""

SCHEDULE = """\
# yaml-language-server: $schema=../schemas/schedule.schema.json
# Every key: docs/reference/schedule.md

languages: [en]

episodes:
  - id: {id}-1
    title: My first episode
    speaker: {speaker} # who speaks the lines that name nobody
    script:
      - Hello. I was made from a few lines of text.
      - Change them, run the same command again, and only what changed is made anew.
      # - {speaker}: A line can name its speaker.
      #   pause: 0.6
      #   emotion: happy
    # publish_at: 2027-03-01T18:00:00+01:00 # without it the episode is always due
    # formats: [vertical, square]
    post:
      text: My first talking character.
      tags: [talkmill]
"""


def new_character(root: Path, name: str) -> Path:
    """Write characters/<name>.yaml; `RequestError` where it is there or the name cannot be an id."""
    shown = name.replace("-", " ").replace("_", " ").replace(".", " ").strip().title() or name
    return _write(root / "characters" / f"{name}.yaml", name, CHARACTER.format(id=name, name=_quoted(shown)))


def new_schedule(root: Path, name: str) -> Path:
    """Write schedules/<name>.yaml, spoken by the newest character; `RequestError` as for `new_character`."""
    characters = list((root / "characters").glob("*.yaml"))
    if not characters:
        raise RequestError(f"schedules/{name}.yaml: there is nobody to speak in it. Run `talkmill new character NAME` first.")
    speaker = max(characters, key=lambda path: (path.stat().st_mtime_ns, path.name)).stem
    if len(name) > 78:
        raise RequestError(f"schedules/{name}.yaml: the name is too long ({len(name)} characters). Use 78 at most.")
    return _write(root / "schedules" / f"{name}.yaml", name, SCHEDULE.format(id=name, speaker=_quoted(speaker)))


def _quoted(text: str) -> str:
    """The text as a YAML scalar that stays this text."""
    return text if re.fullmatch(r"[A-Za-z][A-Za-z ]*", text) and text.lower() != "null" else f'"{text}"'


def _write(path: Path, name: str, text: str) -> Path:
    if not re.fullmatch(ID_PATTERN, name):
        cure = "Use letters, digits, '.', '_' and '-', starting with a letter or digit, 80 at most."
        raise RequestError(f"{name!r} cannot be an id. {cure}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise RequestError(f"{path.parent.name}/{path.name}: is there already. Choose another id, or edit that file.") from None
    except OSError as error:
        where = f"{path.parent.name}/{path.name}"
        raise PrerequisiteError(f"{where}: cannot be written ({error.strerror}). Make the folder writable.") from None
    return path
