"""What backends can say about specs before anything runs: styles, traits, voices. Found at planning, all at once."""

from __future__ import annotations

from collections.abc import Iterable

from talkmill.errors import Problem
from talkmill.specs.load import Check, Project


def portraits(project: Project) -> Iterable[Problem]:
    """Styles and traits that no portrait backend can draw."""
    from talkmill.backends.portray import avatar

    for name, character in project.characters.items():
        portrait = character.portrait
        for text in avatar.check_options(portrait.style, portrait.traits):
            what, _, cure = text.partition(". ")
            yield project.problem(name, ("portrait",), what, cure)


CHECKS: tuple[Check, ...] = (portraits,)
"""Every check, as `specs.load.load` takes them."""
