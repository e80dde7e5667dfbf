"""What backends can say about specs before anything runs: styles, traits, drawings. Found at planning, all at once."""

from __future__ import annotations

from collections.abc import Iterable

from talkmill.errors import Problem
from talkmill.specs.load import Check, Project
from talkmill.specs.portraits import SheetPortrait


def portraits(project: Project) -> Iterable[Problem]:
    """Styles and traits that no portrait backend can draw."""
    from talkmill.backends.portray import avatar

    for name, character in project.characters.items():
        portrait = character.portrait
        if isinstance(portrait, SheetPortrait):
            continue
        for text in avatar.check_options(portrait.style, portrait.traits):
            what, _, cure = text.partition(". ")
            yield project.problem(name, ("portrait",), what, cure)


def sheets(project: Project) -> Iterable[Problem]:
    """Drawings of a character that cannot be used."""
    from talkmill.backends.portray import drawings

    for name, character in project.characters.items():
        portrait = character.portrait
        if not isinstance(portrait, SheetPortrait) or not (folder := project.root / portrait.folder).is_dir():
            continue  # a folder that is not there has been told of
        for text in drawings.survey(drawings.find(folder), portrait.mouths).problems:
            what, _, cure = text.partition(". ")
            yield project.problem(name, ("portrait", "folder"), what, cure)


CHECKS: tuple[Check, ...] = (portraits, sheets)
"""Every check, as `specs.load.load` takes them."""
