"""What a backend can say about specs before anything runs: styles, traits, languages. Found at planning, all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from talkmill.errors import Problem
from talkmill.specs.load import Project


def portraits(project: Project) -> Iterable[Problem]:
    """Styles and traits that no portrait backend can draw."""
    from talkmill.backends.portray import avatar

    for name, character in project.characters.items():
        options = character.portrait
        for path, what, cure in avatar.check_options(options.style, options.traits):
            yield project.problem(f"characters/{name}.yaml", ("portrait", *path), what, cure)


CHECKS: tuple[Callable[[Project], Iterable[Problem]], ...] = (portraits,)
"""Every check, as `specs.load.load` takes them."""
