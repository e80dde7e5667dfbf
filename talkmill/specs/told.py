"""What is said: every episode and language with its lines, and where they stand. For checks of what is to be made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from talkmill.specs import resolve
from talkmill.specs.load import Project
from talkmill.specs.models import Episode
from talkmill.specs.yaml_file import Where


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
