"""The plan: from specs and a date to the episodes that are due and the name of every ticket.

Pure: it reads the specs and the user's own files, writes nothing and runs nothing. A recipe is everything its ticket depends
on; the digest of the recipe is in the ticket's name, so what must be made is what is missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Any

from talkmill import backends
from talkmill import plan_figures as figures
from talkmill.backend_checks import CHECKS
from talkmill.backends.portray import drawings
from talkmill.errors import PrerequisiteError, RequestError
from talkmill.specs import resolve, staging
from talkmill.specs.load import Project, load
from talkmill.store import Store, digest
from talkmill.store.digests import SHORT, Memo
from talkmill.store.objects import ROOT_VARIABLE

MEMO = Path(".snakemake/talkmill-digests.json")
"""Digests of the user's files and of what lies in out/, in the project's folder."""

PURPOSE_VARIABLE = "TALKMILL_PURPOSE"
"""Environment variable that stands over config.yaml's `purpose`: `draft` or `final`."""

TAKE_LEVEL = -20.0
"""LUFS that each take is brought to before they are mixed; render brings the whole to `config.loudness`."""
HIGHPASS = 80
"""Hz below which a take holds nothing but rumble."""
INTRO, OUTRO = 0.4, 0.8
"""Seconds before the first word and after the last one."""


@dataclass(frozen=True)
class Release:
    """One episode in one language: what `out/<episode>/<lang>/` is to hold."""

    episode: str
    language: str
    recipe: str  # digest of deliver's recipe
    audio: str  # clean's ticket
    due: bool

    @property
    def folder(self) -> str:
        """The folder of the finished files."""
        return f"out/{self.episode}/{self.language}"


@dataclass
class Plan:
    """Everything that the specs ask for."""

    project: Project
    recipes: dict[str, dict[str, Any]] = field(default_factory=dict)  # digest -> recipe
    releases: dict[tuple[str, str], Release] = field(default_factory=dict)

    @property
    def due(self) -> list[Release]:
        """What is to be made now, in the order of the schedules."""
        return [release for release in self.releases.values() if release.due]

    def release(self, episode: str, language: str) -> Release:
        """The release of that name; `RequestError` names the known ones."""
        try:
            return self.releases[episode, language]
        except KeyError:
            known = ", ".join(f"{one}/{lang}" for one, lang in self.releases) or "none"
            raise RequestError(
                f"out/{episode}/{language}: no schedule has this episode in this language (known: {known}). "
                "Correct the name, or add it to a file in schedules/."
            ) from None


def ticket_path(recipe: Mapping[str, Any], name: str) -> str:
    """Where the ticket of a recipe lies."""
    return f"{recipe['folder']}/{recipe['stage']}-{name}.json"


@cache
def engine(name: str) -> str:
    """Installed version of a distribution that shapes a result."""
    try:
        return distribution_version(name)
    except PackageNotFoundError:
        raise PrerequisiteError(
            f"{name}: this package is not installed. Install Talkmill with its dependencies (make demo does)."
        ) from None


def backend(verb: str, name: str, extra: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A backend as a recipe names it."""
    kind = backends.load(verb, name)
    return {
        "verb": verb,
        "name": name,
        "version": kind.version,
        "engine": {package: engine(package) for package in kind.packages} | dict(extra or {}),
    }


def purpose_of(project: Project) -> str:
    """`draft` or `final`: TALKMILL_PURPOSE, else config.yaml's.

    Raises:
        RequestError: the variable has another value.
    """
    told = os.environ.get(PURPOSE_VARIABLE)
    if told and told not in ("draft", "final"):
        raise RequestError(f"{PURPOSE_VARIABLE}: is no purpose (found {told!r}). Set it to draft or final, or unset it.")
    return told or project.config.purpose


class Planner:
    """Builds the recipes of a project's episodes."""

    def __init__(self, project: Project, memo: Memo) -> None:
        self.project, self.memo = project, memo
        self.plan = Plan(project)
        named = project.config.ffmpeg.path
        self.ffmpeg = {"ffmpeg": named} if named else {}
        self.purpose = purpose_of(project)

    def backend(self, verb: str, name: str) -> dict[str, Any]:
        """A backend of pictures as a recipe names it: the ffmpeg and the weights that shape its result count."""
        return backend(verb, name, self.ffmpeg | figures.engine_of_weights(verb, name))

    def recipe(self, stage: str, folder: str, settings: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
        """Name one ticket; gives its path."""
        recipe = {"format": 1, "stage": stage, "folder": folder, "settings": settings, "inputs": inputs}
        name = digest(recipe)[:SHORT]
        self.plan.recipes[name] = recipe
        return ticket_path(recipe, name)

    def file(self, path: str) -> dict[str, str]:
        """A file of the user's as a recipe names it: where it lies and what is in it."""
        return {"path": path, "digest": self.memo.digest(self.project.root / path) or "missing"}

    def portrait(self, character: str) -> str:
        """The ticket of a character's portrait, shared by all episodes."""
        options = resolve.portrait(self.project.characters[character])
        settings = {"backend": backend("portray", options.pop("backend")), "request": options, "files": {}}
        if folder := options.pop("folder", None):  # where the drawings lie does not matter, what they are does
            names = drawings.find(self.project.root / folder)
            settings["files"] = {name: self.file(f"{folder.rstrip('/')}/{name}") for name in names}
        return self.recipe("portray", f"build/cast/{character}", settings, {})

    def voice(self, character: str, language: str) -> dict[str, Any]:
        """A character's voice in a language: backend, options, and the user's voice files."""
        options = resolve.voice(self.project.characters[character], language, self.purpose)
        kind = backend("speak", options.pop("backend"), self.ffmpeg)
        model = str(options.get("model", ""))
        files = {}
        if model.endswith(".onnx"):
            files = {"model": self.file(model), "model_config": self.file(f"{model}.json")}
            options["model"] = "file"
        return {"backend": kind, "options": options, "files": files}

    def recordings(self, episode: Any, language: str) -> dict[str, Any]:
        """The lines that the user has recorded, by number: backend, options and the file."""
        found = {}
        for index, line in enumerate(episode.script):
            path = resolve.recording(line, language)
            if path:
                options = {"start": line.start, "end": line.end, "sung": line.sung}
                kind = backend("speak", "recording", self.ffmpeg)
                found[str(index)] = {"backend": kind, "options": options, "files": {"recording": self.file(path)}}
        return found

    def release(self, schedule: Any, episode: Any, language: str, due: bool) -> None:
        """All tickets of one episode in one language."""
        project, config = self.project, self.project.config
        folder = f"build/{episode.id}/{language}"
        lines = [
            {
                "speaker": line.speaker or episode.speaker,
                "text": resolve.spoken(line.text, language),
                "language": language,
                "pause": line.pause,
                **dict(zip(("emotion", "strength"), resolve.emotion(line.emotion), strict=True)),
                "overlap": line.overlap,
            }
            for line in episode.script
        ]
        cast = sorted({line["speaker"] for line in lines})
        formats = project.formats(episode)
        scenes = {one: resolve.scene(config, one, project.characters[one], episode, language) for one in cast}
        styles = {one: scene["captions"] for one, scene in scenes.items()}
        for scene in scenes.values():  # the picture keeps clear of the captions; their colours are no matter of it
            scene["captions"] = {key: scene["captions"][key] for key in ("show", "size", "position")}
        burn = any(style["show"] for style in styles.values())

        write = self.recipe("write", folder, {"utterances": lines}, {})
        recordings = self.recordings(episode, language)
        voiced = sorted({line["speaker"] for index, line in enumerate(lines) if str(index) not in recordings})
        voices = {one: self.voice(one, language) for one in voiced}
        spoken = {"voices": voices, "recordings": recordings, "seed": config.seed}
        speak = self.recipe("speak", folder, spoken, {"write": write})
        music = episode.music and {"file": self.file(episode.music.file)} | episode.music.model_dump(include={"gain", "under"})
        clean = self.recipe(
            "clean",
            folder,
            {
                "backend": backend("clean", "classic", self.ffmpeg),
                "mixer": backend("clean", "timeline", self.ffmpeg),
                "level": TAKE_LEVEL,
                "highpass": HIGHPASS,
                "fps": config.fps,
                "intro": INTRO,
                "outro": OUTRO,
                "music": music,
            },
            {"write": write, "speak": speak},
        )
        shots = {"by": episode.shots.by, "together": staging.together(episode), "asked": staging.asked(episode)}
        pictured, told = figures.cast(self, cast, formats, episode)
        sung = {number for number, recording in recordings.items() if recording["options"]["sung"]}
        kinds = ["song" if str(number) in sung else "speech" for number in range(len(lines))]
        filmed = {role: path for role, path in pictured.items() if not role.startswith("portray:")}
        drawn = {f"portray:{one}": self.portrait(one) for one in cast if one not in told}
        lipsync = self.recipe(
            "lipsync",
            folder,
            {
                "backend": backend("lipsync", "viseme"),
                "listener": backend("lipsync", "listen"),
                "faces": {
                    one: resolve.lipsync(config, project.characters[one], self.purpose) for one in cast if one not in told
                },
                "shots": shots,
                "seed": config.seed,
                **({"figures": told, "kinds": kinds} if told else {}),
            },
            {"write": write, "speak": speak, "clean": clean} | filmed,
        )
        shown = (
            figures.restored(self, folder, shots, told, kinds, {"clean": clean, "lipsync": lipsync} | filmed)
            if told
            else lipsync
        )
        fonts = {f"font:{one}": self.file(style["font"]) for one, style in styles.items() if is_file(style["font"])}
        caption = self.recipe(
            "caption",
            folder,
            {
                "backend": backend("caption", "libass"),
                "language": language,
                "styles": styles,
                "formats": formats,
                "files": fonts,
            },
            {"speak": speak, "clean": clean},
        )
        images = {
            f"background:{one}": self.file(scene["background"]["image"])
            for one, scene in scenes.items()
            if scene["background"].get("image")
        }
        render = self.recipe(
            "render",
            folder,
            {
                "backend": backend("render", "ffmpeg", self.ffmpeg),
                "formats": formats,
                "scenes": scenes,
                "files": images,
                "burn": burn,
                "shots": shots,
                "seed": config.seed,
                "loudness": config.loudness,
            },
            {"clean": clean, "lipsync": shown, "caption": caption} | drawn | filmed,
        )
        check = self.recipe(
            "check",
            folder,
            {"backend": backend("check", "file", self.ffmpeg), "loudness": config.loudness, "burn": burn},
            {"render": render, "caption": caption},
        )
        deliver = self.recipe(
            "deliver",
            folder,
            {
                "episode": episode.id,
                "language": language,
                "schedule": schedule,
                "title": resolve.text(episode.title, language),
                "post": {"text": resolve.text(episode.post.text, language), "tags": list(episode.post.tags)},
                "publish_at": episode.publish_at.isoformat() if episode.publish_at else None,
                "formats": formats,
                "characters": {one: project.characters[one].name for one in cast},
            },
            {
                "write": write,
                "speak": speak,
                "clean": clean,
                "lipsync": lipsync,
                "caption": caption,
                "render": render,
                "check": check,
            }
            | ({"restore": shown} if told else {})
            | drawn
            | pictured,
        )
        name = deliver.removesuffix(".json")[-SHORT:]
        self.plan.releases[episode.id, language] = Release(episode.id, language, name, clean, due)

    def recipe_inputs(self, ticket: str) -> Mapping[str, str]:
        """The inputs of a ticket that has been named."""
        return self.plan.recipes[ticket.removesuffix(".json")[-SHORT:]]["inputs"]


def is_file(font: str | None) -> bool:
    """Whether a caption font is a file of the user's rather than a family's name."""
    return bool(font) and font.lower().endswith((".ttf", ".otf", ".ttc"))


def is_due(episode: Any, today: date, horizon: int) -> bool:
    """Due: to be published at or before today + horizon (past ones included), unless skipped; without a date, always."""
    if episode.skip:
        return False
    return episode.publish_at is None or episode.publish_at.date() <= today + timedelta(days=horizon)


def plan_of(project: Project, today: date, memo: Memo) -> Plan:
    """The plan of a loaded project."""
    planner = Planner(project, memo)
    for schedule, episode in project.episodes:
        due = is_due(episode, today, project.config.horizon)
        for language in project.languages(schedule, episode):
            planner.release(schedule, episode, language, due)
    return planner.plan


def make_plan(root: Path, today: date | None = None, memo: Memo | None = None) -> Plan:
    """Load the specs under `root` and plan them.

    Raises:
        SpecError: with every problem of every file.
    """
    project = load(root, CHECKS)
    memo = memo or Memo(root / MEMO)
    return plan_of(project, today or date.today(), memo)


def store_of(root: Path, project: Project | None = None) -> Store:
    """The project's store: TALKMILL_STORE, else config.yaml's `store`, else `store`."""
    named = os.environ.get(ROOT_VARIABLE) or (project.config.store if project else "store")
    return Store(root / named)


def inputs_of(recipe: Mapping[str, Any]) -> Iterable[str]:
    """The tickets that a recipe reads."""
    return recipe["inputs"].values()
