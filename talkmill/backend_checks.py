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


def recordings(project: Project) -> Iterable[Problem]:
    """Recordings in a language that no aligner knows."""
    from talkmill.backends.align import languages
    from talkmill.specs import resolve

    for schedule, episode in project.episodes:
        index = project.schedules[schedule].episodes.index(episode)
        for language in project.languages(schedule, episode):
            for number, line in enumerate(episode.script):
                if resolve.recording(line, language) and not languages.known(language):
                    place = ("episodes", index, "script", number, "recording")
                    what = f"is in a language that no aligner knows (found {language})"
                    cure = f"Use a language that espeak-ng speaks{languages.near(language)}."
                    yield project.problem_in(f"schedules/{schedule}.yaml", place, what, cure)


CHECKS: tuple[Check, ...] = (portraits, recordings)
"""Every check, as `specs.load.load` takes them."""
