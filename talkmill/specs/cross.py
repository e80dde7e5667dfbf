"""What one file cannot know: who exists, which names are taken, which texts are there, which files are what they should be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from talkmill.errors import Problem
from talkmill.specs import staging
from talkmill.specs.figures import PhotoPortrait
from talkmill.specs.models import Character, Config, Episode, Scene
from talkmill.specs.portraits import SheetPortrait
from talkmill.specs.shorthand import LINE_KEYS, short_speaker
from talkmill.specs.voices import PiperVoice
from talkmill.specs.wording import did_you_mean, nearest
from talkmill.specs.yaml_file import Sheet, Where, quote

MAX_WORDS = 3000
"""Words of one episode in one language: some twenty minutes. A render is one file and one job; more is a series."""

FONT_SUFFIXES = (".ttf", ".otf", ".ttc")

_WORD = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True)
class Placed:
    """An episode and where it stands."""

    schedule: str
    index: int
    episode: Episode
    default_languages: list[str]

    @property
    def file(self) -> str:
        """The schedule's file."""
        return f"schedules/{self.schedule}.yaml"

    @property
    def where(self) -> Where:
        """The episode's place in its file."""
        return ("episodes", self.index)

    @property
    def languages(self) -> list[str]:
        """The languages it is made in."""
        return self.episode.languages or self.default_languages


def problems(
    root: Path,
    sheets: Mapping[str, Sheet],
    config: Config,
    characters: Mapping[str, Character],
    everyone: Set[str],
    episodes: list[Placed],
) -> Iterator[Problem]:
    """Every problem between files; `everyone` also names the characters whose file has problems of its own."""
    yield from _ids(sheets, episodes)
    for placed in episodes:
        sheet = sheets[placed.file]
        yield from _speakers(sheet, placed, everyone)
        yield from _languages(sheet, placed, everyone)
        if _cast_is_known(sheet, placed, everyone):
            yield from staging.problems(sheet, placed.where, placed.episode)
        yield from _length(sheet, placed)
        yield from _silent(sheet, placed)
        yield from _scene(root, sheet, (*placed.where, "scene"), placed.episode.scene)
        yield from _recordings(root, sheet, placed)
    if "config.yaml" in sheets:
        yield from _scene(root, sheets["config.yaml"], ("scene",), config.scene)
    for name, character in characters.items():
        sheet = sheets[f"characters/{name}.yaml"]
        yield from _scene(root, sheet, ("scene",), character.scene)
        if isinstance(character.portrait, SheetPortrait):
            yield from _drawings(root, sheet, ("portrait", "folder"), character.portrait.folder)
        for key in ("file", "clip"):
            if isinstance(character.portrait, PhotoPortrait) and (given := getattr(character.portrait, key)):
                _, problem = _inside(root, sheet, ("portrait", key), given)
                yield from [problem] if problem else []
        yield from _voice(root, sheet, ("voice",), character.voice)
        for language, voice in character.voices.items():
            yield from _voice(root, sheet, ("voices", language), voice)


def _ids(sheets: Mapping[str, Sheet], episodes: list[Placed]) -> Iterator[Problem]:
    seen: dict[str, Placed] = {}
    for placed in episodes:
        name = placed.episode.id
        if sheets[placed.file].spoilt((*placed.where, "id")):
            continue
        first = seen.setdefault(name.lower(), placed)
        if first is placed:
            continue
        line = sheets[first.file].line((*first.where, "id"))
        what = f"is taken (found {quote(name)}, first in {first.file}:{line})"
        cure = "Give it another id: each episode has a folder of its own."
        if first.episode.id != name:
            what = f"differs from {quote(first.episode.id)} ({first.file}:{line}) in upper and lower case only"
            cure = "Give it another id: some disks cannot tell them apart."
        yield sheets[placed.file].problem((*placed.where, "id"), what, cure)


def _speakers(sheet: Sheet, placed: Placed, everyone: Set[str]) -> Iterator[Problem]:
    episode = placed.episode
    if episode.speaker is not None and episode.speaker not in everyone:
        yield sheet.problem((*placed.where, "speaker"), *_unknown(episode.speaker, everyone))
    for index, line in enumerate(episode.script):
        where: Where = (*placed.where, "script", index)
        raw = _raw(sheet.value, where)
        short = short_speaker(raw)
        if line.speaker is None and episode.speaker is None:
            if not sheet.spoilt((*placed.where, "speaker")) and not sheet.spoilt((*where, "speaker")):
                yield sheet.problem(where, "nobody speaks this line", "Give the episode or the line a `speaker:`.")
        elif line.speaker is not None and line.speaker not in everyone:
            what, cure = _unknown(line.speaker, everyone)
            if short and not nearest(short, everyone):
                key = nearest(short, LINE_KEYS)
                cure = f"Did you mean the key '{key}'?" if key else f"{cure} A text that holds ': ' goes in quotes."
            yield sheet.problem((*where, short or "speaker"), what, cure)


def _cast_is_known(sheet: Sheet, placed: Placed, everyone: Set[str]) -> bool:
    """Whether every line has a speaker who exists; otherwise nothing can be said of who is in the picture."""
    for index, line in enumerate(placed.episode.script):
        where: Where = (*placed.where, "script", index)
        given = (*where, "speaker") if line.speaker else (*placed.where, "speaker")
        if (line.speaker or placed.episode.speaker) not in everyone or sheet.spoilt(where) or sheet.spoilt(given):
            return False
    return True


def _unknown(name: str, everyone: Set[str]) -> tuple[str, str]:
    cure = did_you_mean(name, everyone, "Known characters") if everyone else f"`talkmill new character {name}` writes one."
    return f"is no character (found {quote(name)})", cure


def _languages(sheet: Sheet, placed: Placed, everyone: Set[str]) -> Iterator[Problem]:
    episode, languages = placed.episode, placed.languages
    if sheet.spoilt((*placed.where, "languages")) or (not episode.languages and sheet.spoilt(("languages",))):
        return
    if isinstance(episode.title, dict):
        yield from _lacking(sheet, (*placed.where, "title"), episode.title, languages)
    if isinstance(episode.post.text, dict):
        yield from _lacking(sheet, (*placed.where, "post", "text"), episode.post.text, languages)
    for index, line in enumerate(episode.script):
        where: Where = (*placed.where, "script", index)
        raw = _raw(sheet.value, where)
        if short_speaker(raw) and line.speaker not in everyone:
            continue  # most likely no line at all
        where = (*where, short_speaker(raw) or "text") if isinstance(raw, dict) else where
        if isinstance(line.text, dict):
            yield from _lacking(sheet, where, line.text, languages)
        elif len(languages) > 1:
            what = f"is one text, and the episode is made in {' and '.join(languages)}"
            yield sheet.problem(where, what, f"Give one for each: {{{', '.join(f'{name}: ...' for name in languages)}}}.")


def _silent(sheet: Sheet, placed: Placed) -> Iterator[Problem]:
    """Lines without a word: a voice would make nothing of them."""
    for index, line in enumerate(placed.episode.script):
        texts = line.text.values() if isinstance(line.text, dict) else [line.text]
        for text in texts:
            if not any(char.isalnum() for char in text):
                what, cure = (
                    f"holds no word (found {quote(text)})",
                    "Write what is said; for silence set the `pause:` of the line before.",
                )
                yield sheet.problem((*placed.where, "script", index), what, cure)


def _lacking(sheet: Sheet, where: Where, texts: Mapping[str, str], languages: list[str]) -> Iterator[Problem]:
    missing = [name for name in languages if name not in texts and name.split("-")[0] not in texts]
    if missing and not any(sheet.spoilt((*where, name)) for name in _raw_keys(sheet.value, where) if name not in texts):
        what = f"lacks {' and '.join(missing)} (found {', '.join(sorted(texts))})"
        yield sheet.problem(where, what, "Add the text, or take the language from the episode's `languages:`.")


def _length(sheet: Sheet, placed: Placed) -> Iterator[Problem]:
    for language in placed.languages:
        texts = [line.text.get(language, "") if isinstance(line.text, dict) else line.text for line in placed.episode.script]
        count = sum(len(_WORD.findall(text)) for text in texts)
        if count > MAX_WORDS:
            what = f"is too long ({count:,} words in {language}, the limit is {MAX_WORDS:,})"
            yield sheet.problem((*placed.where, "script"), what, "Split it into several episodes.")
            return


def _scene(root: Path, sheet: Sheet, where: Where, scene: Scene) -> Iterator[Problem]:
    if scene.background and scene.background.image:
        place = (*where, "background", "image")
        path, problem = _inside(root, sheet, place, scene.background.image)
        if problem:
            yield problem
        elif path and not _is_picture(path):
            cure = "Give a real PNG, JPEG or WebP; another name does not make it one."
            yield sheet.problem(place, f"is no picture (found {quote(scene.background.image)})", cure)
    font = scene.captions.font if scene.captions else None
    if font and ("/" in font or font.lower().endswith(FONT_SUFFIXES)):
        place = (*where, "captions", "font")
        path, problem = _inside(root, sheet, place, font)
        if problem:
            yield problem
        elif path and not is_font(path):
            yield sheet.problem(place, f"is no font file (found {quote(font)})", "Give a .ttf or .otf file.")


def _voice(root: Path, sheet: Sheet, where: Where, voice: Any) -> Iterator[Problem]:
    """A voice that is a file. The name of the one that comes with Talkmill is the default of `model`."""
    if voice.backend != "piper" or voice.model == (embedded := type(voice).model_fields["model"].default):
        return
    place = (*where, "model")
    if not voice.model.endswith(".onnx"):
        close = nearest(voice.model, [embedded])
        cure = f"Did you mean '{close}'?" if close else f"Give '{embedded}', or the path of an .onnx file of the project."
        yield sheet.problem(place, f"is no {voice.backend} voice (found {quote(voice.model)})", cure)
        return
    path, problem = _inside(root, sheet, place, voice.model)
    if problem:
        yield problem
    elif path and isinstance(voice, PiperVoice) and not path.with_name(path.name + ".json").is_file():
        what = f"has no {path.name}.json beside it"
        yield sheet.problem(place, what, "Put the voice's .onnx.json there: it comes with the .onnx.")


def _drawings(root: Path, sheet: Sheet, where: Where, given: str) -> Iterator[Problem]:
    """The folder of a drawn character, and that no file in it leads out of the project."""
    path, problem = _inside(root, sheet, where, given, folder=True)
    if problem:
        yield problem
    for entry in sorted(path.rglob("*")) if path else ():
        if entry.is_symlink() and not entry.resolve().is_relative_to(root.resolve()):
            found = entry.relative_to(path).as_posix() if path else ""
            what = f"holds a link that leaves the project (found {quote(found)})"
            yield sheet.problem(where, what, "Put the file itself into the project.")


def _recordings(root: Path, sheet: Sheet, placed: Placed) -> Iterator[Problem]:
    """Recordings and music that are not there, and one recording for several languages."""
    for index, line in enumerate(placed.episode.script):
        place: Where = (*placed.where, "script", index, "recording")
        if isinstance(line.recording, dict):
            for language, path in line.recording.items():
                _, problem = _inside(root, sheet, (*place, language), path)
                yield from [problem] if problem else []
        elif line.recording is not None:
            _, problem = _inside(root, sheet, place, line.recording)
            yield from [problem] if problem else []
            if len(placed.languages) > 1:
                what = f"is one recording, and the episode is made in {' and '.join(placed.languages)}"
                cure = f"Say whose it is, like {{{placed.languages[0]}: {line.recording}}}; other languages use the voice."
                yield sheet.problem(place, what, cure)
    if placed.episode.music:
        _, problem = _inside(root, sheet, (*placed.where, "music", "file"), placed.episode.music.file)
        yield from [problem] if problem else []


def _inside(root: Path, sheet: Sheet, where: Where, given: str, folder: bool = False) -> tuple[Path | None, Problem | None]:
    """A file (or a folder) of the project; what leaves the project, is not there or is no file is a problem."""

    def wrong(what: str, cure: str) -> tuple[None, Problem]:
        return None, sheet.problem(where, f"{what} (found {quote(given)})", cure)

    if "\\" in given or re.match(r"[A-Za-z][A-Za-z0-9+.]*:", given):
        return wrong("is no path in the project", "Write it with '/', from the project's folder.")
    path = PurePosixPath(given)
    if path.is_absolute() or ".." in path.parts or given.startswith("~"):
        return wrong("leaves the project", "Put the file into the project and write its path from there.")
    base = root.resolve()
    try:
        real = (base / given).resolve()
        if not real.is_relative_to(base):
            return wrong("is a link that leaves the project", "Put the file itself into the project.")
        if not real.exists():
            return wrong("is not there", f"Put the file there, or mend the path: it starts at {base.name}/.")
        if folder and not real.is_dir():
            return wrong("is no folder", "Name the folder that the layers are in.")
        if not folder and not real.is_file():
            return wrong("is no file", "Name a file in that folder.")
    except (OSError, RuntimeError, ValueError) as error:
        return wrong(f"cannot be read ({getattr(error, 'strerror', None) or error})", "Mend the path or the file.")
    return real, None


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(16)
    except OSError:
        return b""


def _is_picture(path: Path) -> bool:
    head = _head(path)
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or webp


def is_font(path: Path) -> bool:
    """Whether a file begins as a TrueType or OpenType font does."""
    return _head(path).startswith((b"\x00\x01\x00\x00", b"OTTO", b"true", b"ttcf"))


def _raw(value: Any, where: Where) -> Any:
    """What the YAML has at a place; None where it has nothing."""
    for part in where:
        if isinstance(value, dict):
            value = value.get(part)
        else:
            value = value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else None
    return value


def _raw_keys(value: Any, where: Where) -> Iterable[str]:
    found = _raw(value, where)
    return found if isinstance(found, dict) else ()
