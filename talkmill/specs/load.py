"""Loading a project's YAML: everything, or every problem of every file at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from talkmill.errors import Problem, SpecError
from talkmill.specs import cross, tolerant
from talkmill.specs.models import Character, Config, Episode, FormatName, Schedule, Spec
from talkmill.specs.portraits import SheetPortrait
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

    def touched(self, file: str, where: Where) -> bool:
        """Whether a value has a problem of its own, lies in one that has, or holds one: checks then have nothing to go by."""
        return file in self.sheets and self.sheets[file].touched(where)

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
    files = {folder: _files(root / folder, found) for folder in ("characters", "schedules")}
    sheets = _sheets(root, files, found)
    if not found and not sheets.keys() - {"config.yaml"}:
        there = [f"{folder}/" for folder in files if (root / folder).is_dir()]
        what, cure = "holds no characters/ and no schedules/", "Run it in a project's folder, or name one."
        if there:
            what = f"holds no character and no schedule in {' and '.join(there)}"
            cure = "`talkmill new character ID` and `talkmill new schedule ID` write some to start from."
        found.append(Problem(str(root), 0, "", what, cure))
    for sheet in sheets.values():
        found.extend(sheet.problems)

    config = Config()
    characters: dict[str, Character] = {}
    schedules: dict[str, Schedule] = {}
    for file, sheet in sheets.items():
        if not sheet.readable:
            continue
        folder, _, name = file.removesuffix(".yaml").rpartition("/")
        if not folder:
            config = Config() if sheet.value in (None, "") else _validated(Config, sheet, found) or config
        elif folder == "characters":
            if character := _validated(Character, sheet, found):
                characters[name] = character
        elif schedule := _validated(Schedule, sheet, found):
            schedules[name] = schedule

    # What follows works with what could be read, and is not asked about places that were found to be wrong.
    everyone = {path.stem for path in files["characters"]}  # whose file cannot be used is still no typing error
    project = Project(root, config, characters, schedules, sheets)
    episodes = [
        cross.Placed(name, index, episode, schedule.languages)
        for name, schedule in schedules.items()
        for index, episode in enumerate(schedule.episodes)
    ]
    found.extend(_unspoilt(cross.problems(root, sheets, config, characters, everyone, episodes), sheets))
    for check in checks:
        found.extend(_unspoilt(check(project), sheets))
    if found:
        raise SpecError(sorted(set(found)))
    return project


def sheet_options(folder: Path) -> dict[str, Any]:
    """What `characters/pip.yaml` says of the drawings in `characters/pip/`: the portrait's options; {} if nothing."""
    path = folder.resolve()
    file = path.with_name(f"{path.name}.yaml")
    value = read(file, file.name).value if file.is_file() else None
    portrait = value.get("portrait") if isinstance(value, dict) else None
    if not isinstance(portrait, dict) or Path(str(portrait.get("folder", ""))).name != path.name:
        return {}
    try:
        return SheetPortrait.model_validate(portrait).model_dump(mode="json")
    except ValidationError:
        return {}  # `talkmill validate` tells what is wrong with it


def _sheets(root: Path, named: Mapping[str, list[Path]], found: list[Problem]) -> dict[str, Sheet]:
    """Every spec file that there is, read."""
    files = ["config.yaml"] if (root / "config.yaml").exists() else []
    if (root / "config.yml").exists():
        found.append(Problem("config.yml", 0, "", "ends in .yml", "Rename it to config.yaml."))
    for folder, paths in named.items():
        seen: dict[str, str] = {}
        for path in paths:
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
    inside = [file for file in files if not _leaves(root, file)]
    for file in files:
        if file not in inside:
            found.append(Problem(file, 0, "", "is a link that leaves the project", "Put the file itself into the project."))
    return {file: read(root / file, file) for file in inside}


def _leaves(root: Path, file: str) -> bool:
    """Whether a spec is a link, or lies in a linked folder, that leads out of the project."""
    try:
        return not (root / file).resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a link to itself, which cannot be read either
        return False


def _files(folder: Path, found: list[Problem]) -> list[Path]:
    """The files of a folder that are, or are meant to be, specs."""
    if not folder.is_dir():
        if folder.is_symlink() or folder.exists():
            found.append(Problem(f"{folder.name}/", 0, "", "is no folder", "Make it one, with a .yaml file for each."))
        return []
    try:
        named = [path for path in folder.iterdir() if path.suffix.lower() in (".yaml", ".yml")]
    except OSError as error:
        found.append(Problem(f"{folder.name}/", 0, "", f"cannot be read ({error.strerror})", "Make it readable."))
        return []
    return sorted(path for path in named if not path.name.startswith("."))


def load_config(root: Path | str = ".") -> Config:
    """config.yaml by itself, or what holds without one.

    Raises `SpecError` with every problem of it.
    """
    path = Path(root) / "config.yaml"
    if not path.exists():
        return Config()
    sheet = read(path, "config.yaml")
    found = list(sheet.problems)
    config = None
    if sheet.readable:
        config = Config() if sheet.value in (None, "") else _validated(Config, sheet, found)
    if found or config is None:
        raise SpecError(found)
    return config


def _validated(model: type[S], sheet: Sheet, found: list[Problem]) -> S | None:
    if sheet.value in (None, ""):
        kind = model.__name__.lower()
        found.append(Problem(sheet.file, 0, "", "is empty", f"`talkmill new {kind} ID` writes one to start from."))
        return None
    value, problems = tolerant.validate(model, sheet)
    found.extend(problems)
    return value


def _unspoilt(problems: Iterable[Problem], sheets: Mapping[str, Sheet]) -> Iterator[Problem]:
    """Without those that are about a value which was told already to be wrong."""
    spoilt = {file: {show_path(hole) for hole in sheet.holes} for file, sheet in sheets.items() if sheet.holes}
    for problem in problems:
        holes = spoilt.get(problem.file)
        if not holes or not any(outer in holes for outer in _outwards(problem.path)):
            yield problem


def _outwards(path: str) -> Iterator[str]:
    """`a.b[0].c`, `a.b[0]`, `a.b`, `a`, and the empty path of the whole file."""
    yield path
    for place in range(len(path) - 1, 0, -1):
        if path[place] in ".[":
            yield path[:place]
    yield ""
