"""Loading a project's YAML: everything, or every problem of every file at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from talkmill.errors import Problem, SpecError
from talkmill.specs import cross, wording
from talkmill.specs.models import Character, Config, Episode, FormatName, Schedule, Spec
from talkmill.specs.shorthand import ID_PATTERN
from talkmill.specs.yaml_file import Sheet, Where, read, show_path

S = TypeVar("S", bound=Spec)


@dataclass(frozen=True)
class Project:
    """What a project's YAML says. Everything in it is valid; media are still on disk, as paths from `root`."""

    root: Path
    config: Config
    characters: dict[str, Character]
    schedules: dict[str, Schedule]
    sheets: dict[str, Sheet] = field(default_factory=dict, repr=False, compare=False)
    """The files as they were read, by name ("characters/ada.yaml"): they know the lines."""

    @property
    def episodes(self) -> list[tuple[str, Episode]]:
        """Every episode with its schedule's id, in the order of the files."""
        return [(name, episode) for name, schedule in self.schedules.items() for episode in schedule.episodes]

    def languages(self, schedule: str, episode: Episode) -> list[str]:
        """The languages an episode is made in: its own, else its schedule's."""
        return list(episode.languages or self.schedules[schedule].languages)

    def formats(self, episode: Episode) -> list[FormatName]:
        """The shapes an episode is rendered in: its own, else the config's."""
        return list(episode.formats or self.config.formats)

    def at(self, file: str, where: Where) -> int:
        """The line of a value, for example `at("characters/ada.yaml", ("portrait", "style"))`; 0 where there is none."""
        return self.sheets[file].line(where) if file in self.sheets else 0

    def problem(self, character: str, where: Where, what: str, cure: str) -> Problem:
        """A problem in a character's file, for checks of what the specs cannot know: styles, traits, voices, fonts."""
        return self.problem_in(f"characters/{character}.yaml", where, what, cure)

    def problem_in(self, file: str, where: Where, what: str, cure: str) -> Problem:
        """A problem in any file of the project."""
        return Problem(file, self.at(file, where), show_path(where), what, cure)


Check = Callable[[Project], Iterable[Problem]]
"""A further check of a loaded project; the plan adds those that ask backends."""


def load(root: Path | str = ".", checks: Sequence[Check] = ()) -> Project:
    """Read config.yaml, characters/ and schedules/ under `root`.

    `checks` are run on what could be read, so their problems are told together with all others.
    Raises `SpecError` with every problem of every file.
    """
    root = Path(root)
    found: list[Problem] = []
    if not any((root / folder).is_dir() for folder in ("characters", "schedules")):
        cure = "Run it in a project's folder, or name one."
        raise SpecError([Problem(str(root), 0, "", "holds no characters/ and no schedules/", cure)])
    sheets = _sheets(root, found)
    for sheet in sheets.values():
        found.extend(sheet.problems)

    config = Config()
    characters: dict[str, Character] = {}
    schedules: dict[str, Schedule] = {}
    episodes: list[cross.Placed] = []
    for file, sheet in sheets.items():
        if not sheet.readable:
            continue
        folder, _, name = file.removesuffix(".yaml").rpartition("/")
        if not folder:
            config = Config() if sheet.value in (None, "") else _validated(Config, sheet, found) or config
        elif folder == "characters":
            if character := _validated(Character, sheet, found):
                characters[name] = character
        else:
            schedule, placed = _schedule(name, sheet, found)
            episodes.extend(placed)
            if schedule:
                schedules[name] = schedule

    everyone = {path.stem for path in _files(root / "characters")}  # whose file cannot be used is still no typing error
    found.extend(cross.problems(root, sheets, config, characters, everyone, episodes))
    project = Project(root, config, characters, schedules, sheets)
    for check in checks:
        found.extend(check(project))
    if found:
        raise SpecError(sorted(set(found)))
    return project


def _sheets(root: Path, found: list[Problem]) -> dict[str, Sheet]:
    """Every spec file that there is, read."""
    files = ["config.yaml"] if (root / "config.yaml").exists() else []
    if (root / "config.yml").exists():
        found.append(Problem("config.yml", 0, "", "ends in .yml", "Rename it to config.yaml."))
    for folder in ("characters", "schedules"):
        seen: dict[str, str] = {}
        for path in _files(root / folder):
            file = f"{folder}/{path.name}"
            if path.suffix != ".yaml":
                found.append(Problem(file, 0, "", f"ends in {path.suffix}", f"Rename it to {path.stem}.yaml."))
            elif not re.fullmatch(ID_PATTERN, path.stem):
                cure = "Use letters, digits, '.', '_' and '-', starting with a letter or digit, 80 at most."
                found.append(Problem(file, 0, "", "has a name that cannot be an id", cure))
            elif path.stem.lower() in seen:
                what = f"differs from {seen[path.stem.lower()]} in upper and lower case only"
                found.append(Problem(file, 0, "", what, "Rename one of them: some disks cannot tell them apart."))
            else:
                seen[path.stem.lower()] = path.name
                files.append(file)
    return {file: read(root / file, file) for file in files}


def _files(folder: Path) -> list[Path]:
    """The files of a folder that are, or are meant to be, specs."""
    if not folder.is_dir():
        return []
    try:
        named = [path for path in folder.iterdir() if path.suffix.lower() in (".yaml", ".yml")]
    except OSError as error:
        raise SpecError(
            [Problem(f"{folder.name}/", 0, "", f"cannot be read ({error.strerror})", "Make it readable.")]
        ) from None
    return sorted(path for path in named if not path.name.startswith("."))


def _validated(model: type[S], sheet: Sheet, found: list[Problem]) -> S | None:
    if sheet.value in (None, ""):
        found.append(
            Problem(sheet.file, 0, "", "is empty", f"`talkmill new {model.__name__.lower()} ID` writes one to start from.")
        )
        return None
    try:
        return model.model_validate(sheet.value)
    except ValidationError as error:
        found.extend(wording.problems(error, model, sheet))
        return None


def _schedule(name: str, sheet: Sheet, found: list[Problem]) -> tuple[Schedule | None, list[cross.Placed]]:
    """The schedule, and its episodes with their places; of a schedule with problems, the episodes that have none."""
    before = len(found)
    schedule = _validated(Schedule, sheet, found)
    if schedule:
        default = schedule.languages
        return schedule, [cross.Placed(name, i, item, default) for i, item in enumerate(schedule.episodes)]
    if len(found) == before or not isinstance(sheet.value, dict):
        return None, []
    listed: Any = sheet.value.get("episodes")
    if not isinstance(listed, list):
        return None, []
    try:
        default = Schedule.model_validate({"languages": sheet.value.get("languages", ["en"]), "episodes": [_ANY]}).languages
    except ValidationError:
        return None, []
    placed = []
    for index, item in enumerate(listed):
        try:
            placed.append(cross.Placed(name, index, Episode.model_validate(item), default))
        except ValidationError:
            continue
    return None, placed


_ANY = {"id": "any", "title": "any", "script": ["any"]}
