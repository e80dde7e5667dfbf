"""Burning an ASS file into pictures: a private folder with safe names, only the wanted fonts in sight, and what was drawn.

A caption's file name or a font's never reaches ffmpeg's filter language: the files are copied under generated names into a
folder whose path has no special character, and ffmpeg runs in that folder. libass sees no font of the machine: an own
fontconfig file names none.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from talkmill.errors import MediaError

LOG_LEVEL = "verbose"
"""ffmpeg's level at which libass says which font it took and which character it did not find."""

_SELECT = re.compile(r"fontselect: \((?P<wanted>.*), (?P<weight>\d+), (?P<slant>\d+)\) -> (?P<found>.*)$", re.MULTILINE)
_MISSING = re.compile(r"[Gg]lyph 0x(?P<code>[0-9A-Fa-f]+) not found")
_NONE = re.compile(
    r"fontselect: failed to find any fallback.*|Error opening font.*|fontselect: Using default font.*", re.IGNORECASE
)

FONTCONFIG = '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig></fontconfig>\n'


@dataclass(frozen=True)
class Burner:
    """A folder ready for the `ass` filter: start ffmpeg in `folder` with `environment` and `filter` in its graph."""

    folder: Path
    environment: Mapping[str, str]
    filter: str = "ass=filename=captions.ass:fontsdir=fonts"


@contextmanager
def burner(ass: Path, fonts: Sequence[Path]) -> Iterator[Burner]:
    """A `Burner` for the ASS file and exactly these fonts, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="talkmill-burn-"))
    try:
        shutil.copyfile(ass, folder / "captions.ass")
        (folder / "fonts").mkdir()
        for number, font in enumerate(fonts):
            suffix = font.suffix.lower() if font.suffix.lower() in (".ttf", ".otf", ".ttc", ".otc") else ".ttf"
            shutil.copyfile(font, folder / "fonts" / f"{number}{suffix}")
        (folder / "fonts.conf").write_text(FONTCONFIG)
        yield Burner(folder, {**os.environ, "FONTCONFIG_FILE": str(folder / "fonts.conf"), "FONTCONFIG_PATH": str(folder)})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Drawing:
    """What libass said while it drew."""

    selected: tuple[tuple[str, str], ...]  # (family that was asked for, font that was taken), each pair once
    missing: tuple[str, ...]  # characters without a glyph
    fallbacks: tuple[str, ...]  # lines in which libass says that it had to take some other font

    def problems(self) -> list[str]:
        """Sentences on everything that was not drawn as it was asked for."""
        found = [
            f"the font {wanted} was asked for and {got} was drawn" for wanted, got in self.selected if not _same(wanted, got)
        ]
        if self.missing:
            found.append(f"no glyph for {' '.join(self.missing)}")
        return found + [f"libass: {line}" for line in self.fallbacks]


def _same(wanted: str, got: str) -> bool:
    """Whether libass took the family; it names what it took as "path, index, PostScript name" or "PostScript name, ..."."""

    def plain(text: str) -> str:
        return re.sub(r"[^a-z0-9]", "", text.casefold())

    return plain(wanted) in plain(got) or plain(wanted) in plain(re.sub(r"-?(Regular|Roman)\b", "", got))


def drawing(log: str) -> Drawing:
    """What ffmpeg's log at `LOG_LEVEL` says about fonts."""
    selected = dict.fromkeys((m["wanted"], m["found"].strip()) for m in _SELECT.finditer(log))
    missing = dict.fromkeys(chr(int(m["code"], 16)) for m in _MISSING.finditer(log))
    return Drawing(tuple(selected), tuple(missing), tuple(dict.fromkeys(_NONE.findall(log))))


def require_drawn(log: str, where: str) -> Drawing:
    """`drawing(log)`.

    Raises:
        MediaError: something was not drawn as it was asked for.
    """
    found = drawing(log)
    problems = found.problems()
    if problems:
        raise MediaError(f"{where}: captions cannot be drawn as wanted ({'; '.join(problems)}). Choose another captions.font.")
    return found
