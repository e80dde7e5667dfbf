"""What backends can say about specs before anything runs: styles, voices, fonts. Found at planning, all at once.

Episodes that are to be left out (`skip`) are not looked at; all others are, due or not: what is wrong with next month's is
better known today. Nothing here loads an engine, and a font is opened for unusual letters only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkmill import backends
from talkmill.backends.caption import fonts
from talkmill.backends.inspect.beforehand import company, photos
from talkmill.backends.speak import espeak_voices
from talkmill.errors import MediaError, Problem, RequestError
from talkmill.specs import resolve
from talkmill.specs.cross import is_font
from talkmill.specs.load import Check, Project
from talkmill.specs.models import Character, Episode, Scene
from talkmill.specs.portraits import SheetPortrait
from talkmill.specs.yaml_file import Where, quote

FREE_VOICES: tuple[Mapping[str, Any], ...] = ({"backend": "hibari"}, {"backend": "kokoro"}, {"backend": "espeak"})
"""Voices that come with Talkmill, the most natural first; they are offered where another one cannot speak a language."""

FONT_FILES = (".ttf", ".otf", ".ttc")


@dataclass(frozen=True)
class Told:
    """One episode in one language that is to be made, and where it stands."""

    file: str
    where: Where
    episode: Episode
    language: str
    lines: list[tuple[int, str, str]]  # number, speaker, text


def told(project: Project) -> Iterator[Told]:
    """Every episode and language that is not left out, with the lines that are known to be right."""
    for schedule, found in project.schedules.items():
        file = f"schedules/{schedule}.yaml"
        for index, episode in enumerate(found.episodes):
            if episode.skip:
                continue
            where: Where = ("episodes", index)
            for language in project.languages(schedule, episode):
                lines = []
                for number, line in enumerate(episode.script):
                    speaker = line.speaker or episode.speaker
                    try:
                        text = resolve.spoken(line.text, language)
                    except KeyError:  # has been told by the specs
                        continue
                    if speaker in project.characters and not project.touched(file, (*where, "script", number)):
                        lines.append((number, str(speaker), text))
                yield Told(file, where, episode, language, lines)


def portraits(project: Project) -> Iterable[Problem]:
    """Styles and traits that no portrait backend can draw."""
    from talkmill.backends.portray import avatar

    for name, character in project.characters.items():
        portrait = character.portrait
        if portrait.backend != "avatar" or project.touched(f"characters/{name}.yaml", ("portrait", "style")):
            continue
        known = avatar.check_options(portrait.style, {})
        wrong: list[tuple[Where, str]] = [(("portrait", "style"), text) for text in known]
        for trait, value in ({} if known else portrait.traits).items():
            wrong += [(("portrait", "traits", trait), text) for text in avatar.check_options(portrait.style, {trait: value})]
        for where, text in wrong:
            what, _, cure = text.partition(". ")
            yield project.problem(name, where, what, cure)


def sheets(project: Project) -> Iterable[Problem]:
    """Drawings of a character that cannot be used."""
    from talkmill.backends.portray import drawings

    for name, character in project.characters.items():
        portrait, file = character.portrait, f"characters/{name}.yaml"
        if not isinstance(portrait, SheetPortrait) or project.touched(file, ("portrait", "folder")):
            continue
        if project.touched(file, ("portrait", "mouths")) or not (folder := project.root / portrait.folder).is_dir():
            continue  # has been told
        for text in drawings.survey(drawings.find(folder), portrait.mouths).problems:
            what, _, cure = text.partition(". ")
            yield project.problem(name, ("portrait", "folder"), what, cure)


def recordings(project: Project) -> Iterable[Problem]:
    """Recordings in a language that no aligner knows: both take the phonemes from espeak-ng."""
    known = espeak_voices.installed()
    for item in told(project):
        if known is None or known.speaks(item.language):
            continue
        for number, _, _ in item.lines:
            if resolve.recording(item.episode.script[number], item.language):
                what = f"is in a language that no aligner knows (found {item.language})"
                cure = "Correct the language's tag, or take the recording away and let a voice speak the line."
                yield project.problem_in(item.file, (*item.where, "script", number, "recording"), what, cure)


def voice_files(project: Project) -> Iterable[Problem]:
    """Voices that there are not: a file of the user's that is none, a name or a number that is unknown."""
    for name, character in project.characters.items():
        for where, voice in [(("voice",), character.voice), *((("voices", key), one) for key, one in character.voices.items())]:
            if project.touched(f"characters/{name}.yaml", (*where, "backend")):
                continue
            model = _model(project, name, (*where, "model"), voice)
            settings = _settings(model) if model else None
            if model and (what := _no_model(model)):
                cure = "Fetch the .onnx file again: it has to be the voice itself, not a page or a pointer to it."
                yield project.problem(name, (*where, "model"), f"is no voice ({what}, found {quote(voice.model)})", cure)
            if model and voice.backend == "piper" and settings is None:
                what = f"has a {model.name}.json beside it that is no voice's settings"
                yield project.problem(name, (*where, "model"), what, "Put the .onnx.json there that came with the voice.")
            elif what := _no_such(voice, settings):
                key = "speaker" if voice.backend == "piper" else "voice"
                what, _, cure = what.rpartition(". ")
                yield project.problem(name, (*where, key), f"{voice.backend} has {what}", f"{cure}.")


def _no_such(voice: Any, settings: Mapping[str, Any] | None) -> str | None:
    """Why the backend has no such voice."""
    asked = getattr(backends.load("speak", voice.backend), "no_such", None)
    return asked(voice.model_dump(mode="json"), settings) if asked else None


def voices(project: Project) -> Iterable[Problem]:
    """Voices that cannot speak what they are to speak; one problem a voice and language, however many episodes."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for item in told(project):
        if project.touched(item.file, (*item.where, "languages")) or project.touched(item.file, ("languages",)):
            continue
        spoken = [line for line in item.lines if not resolve.recording(item.episode.script[line[0]], item.language)]
        for speaker in sorted({speaker for _, speaker, _ in spoken}):
            wanted.setdefault((speaker, item.language), []).append(item.episode.id)
    for (speaker, language), episodes in sorted(wanted.items()):
        character = project.characters[speaker]
        where = _voice_for(character, language)
        file = f"characters/{speaker}.yaml"
        if project.touched(file, where) or (where == ("voice",) and project.touched(file, ("voices",))):
            continue
        voice = character.voice if where == ("voice",) else character.voices[str(where[1])]
        model = _model(project, speaker, (*where, "model"), voice)
        settings = _settings(model) if model else None
        if model and voice.backend == "piper" and settings is None:
            continue  # has been told
        kind: Any = backends.load("speak", voice.backend)
        why = kind.cannot(voice.model_dump(mode="json"), language, settings)
        if why:
            more = f" and {len(episodes) - 1} more" if len(episodes) > 1 else ""
            what = f"cannot speak {language}, as {character.name} does in {quote(episodes[0])}{more}: {voice.backend} {why}"
            yield project.problem(speaker, where, what, _other_voice(language))


def _voice_for(character: Character, language: str) -> Where:
    """Where the voice for a language stands, as `resolve.voice` chooses it."""
    key = next((key for key in (language, language.split("-")[0]) if key in character.voices), None)
    return ("voices", key) if key else ("voice",)


def _other_voice(language: str) -> str:
    """A voice that can, as a cure."""
    for options in FREE_VOICES:
        kind: Any = backends.load("speak", options["backend"])
        if kind.cannot(options, language) is None:
            key = language.split("-")[0]
            return f"One that can: `voices: {{{key}: {{backend: {options['backend']}}}}}`."
    return "No voice that comes with Talkmill can: correct the language's tag, or give the path of a Piper voice that can."


def families(project: Project) -> Iterable[Problem]:
    """Caption fonts that nobody knows, and font files that are none."""
    files: list[tuple[str, Where, Scene]] = [("config.yaml", ("scene",), project.config.scene)]
    files += [(f"characters/{name}.yaml", ("scene",), one.scene) for name, one in project.characters.items()]
    for schedule, found in project.schedules.items():
        file = f"schedules/{schedule}.yaml"
        files += [(file, ("episodes", index, "scene"), one.scene) for index, one in enumerate(found.episodes)]
    for file, where, scene in files:
        font = scene.captions.font if scene.captions else None
        path = _font_file(project, font)
        if path and is_font(path) and not project.touched(file, (*where, "captions", "font")):
            try:
                fonts.require_font(path)
            except MediaError as error:
                what, _, cure = str(error).removeprefix("captions.font: ").partition("). ")
                yield project.problem_in(file, (*where, "captions", "font"), f"{what})", cure)
        if font is None or path is not None:
            continue
        if font.casefold() not in {family.casefold() for family in fonts.FAMILIES}:
            known = f"Choose one of {', '.join(fonts.FAMILIES)}, or give the path of a .ttf or .otf file."
            what = f"is no font that comes with Talkmill (found {quote(font)})"
            yield project.problem_in(file, (*where, "captions", "font"), what, known)


def letters(project: Project) -> Iterable[Problem]:
    """Texts that no installed font can draw; one problem an episode and language."""
    for item in told(project):
        unusual = [(number, who, text) for number, who, text in item.lines if not fonts.EVERYWHERE.issuperset(text)]
        for number, who, text in unusual:
            style = resolve.caption_style(project.config, who, project.characters[who], item.episode)
            own = _font_file(project, style["font"])
            if own is not None and not own.is_file():
                continue
            try:
                missing = fonts.lacking(text, own)
            except MediaError:  # the font has been told
                break
            if missing:
                what = f"has letters in {item.language} that no font here can draw (found {' '.join(missing[:12])})"
                cure = "Give a font file that has them as captions.font, or write the text without them."
                if any(map(fonts.is_cjk, missing)):
                    cure = f"{fonts.CURES[fonts.CJK]}, or give a font file that has them as captions.font."
                yield project.problem_in(item.file, (*item.where, "script", number), what, cure)
                break


def _font_file(project: Project, font: str | None) -> Path | None:
    """A font of the user's; None where a family is named."""
    return project.root / font if font and font.lower().endswith(FONT_FILES) else None


def name_lines(project: Project) -> Iterable[Problem]:
    """Names and roles whose letters the name line cannot draw."""
    seen: set[tuple[str, Where]] = set()
    for item in told(project):
        for who in dict.fromkeys(speaker for _, speaker, _ in item.lines):
            character = project.characters[who]
            scenes = {
                "config.yaml": (("scene",), project.config.scene),
                f"characters/{who}.yaml": (("scene",), character.scene),
                item.file: ((*item.where, "scene"), item.episode.scene),
            }
            texts: dict[tuple[str, Where], str] = {(f"characters/{who}.yaml", ("name",)): character.name}
            for file, (where, scene) in scenes.items():
                if scene.name_line and scene.name_line.role:
                    texts[file, (*where, "name_line", "role")] = scene.name_line.role
            if all(text.isascii() for text in texts.values()):
                continue
            line = resolve.scene(project.config, who, character, item.episode)["name_line"]
            named = _drawn(character.name)
            for (file, where), text in texts.items():
                # One font draws both, so a role is looked at together with the name, unless the name has been told.
                is_name = where == ("name",)
                if not line["show"] or not (is_name or text == line["role"]) or (file, where) in seen:
                    continue
                if not (named if is_name else _drawn(character.name + text if named else text)):
                    seen.add((file, where))
                    what = f"has letters that the name line cannot draw (found {quote(text)})"
                    cure = "Write it in Latin, Greek or Cyrillic letters, or set name_line.show to false."
                    yield project.problem_in(file, where, what, cure)


def _drawn(text: str) -> bool:
    from talkmill.picture import name_line

    try:
        name_line.require_letters(text)
    except RequestError:
        return False
    return True


def _model(project: Project, character: str, where: Where, voice: Any) -> Path | None:
    """A voice's own .onnx file, where there is one and nothing is wrong with its path."""
    model = voice.model if voice.backend == "piper" else ""
    if not model.endswith(".onnx") or project.touched(f"characters/{character}.yaml", where):
        return None
    path = project.root / model
    return path if path.is_file() else None


def _no_model(path: Path) -> str | None:
    """What a file is instead of an ONNX model, as far as its first bytes say: a model begins with its version."""
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if head.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS"
    return None if head.startswith(b"\x08") else "the file is no ONNX model"


def _settings(model: Path) -> dict[str, Any] | None:
    """What the .onnx.json beside a voice holds; None where it is no voice's settings."""
    try:
        facts = json.loads(model.with_name(f"{model.name}.json").read_bytes())
    except (OSError, ValueError):
        return None
    good = isinstance(facts, dict) and isinstance(facts.get("espeak", {}), dict) and "phoneme_id_map" in facts
    return facts if good else None


CHECKS: tuple[Check, ...] = (portraits, sheets, voice_files, voices, recordings, families, letters, name_lines, photos, company)
"""Every check, as `specs.load.load` takes them."""
