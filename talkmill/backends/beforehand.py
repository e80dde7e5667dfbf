"""What can be said of paid backends before anything is bought: options, lines and prices, each at its place in the YAML.

All routes are looked at, whatever the purpose: what is wrong with the finals is better known while drafts are made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from talkmill import backends
from talkmill.errors import Problem, RequestError
from talkmill.model.calls import Call
from talkmill.specs import cross, resolve
from talkmill.specs.figures import FIGURES
from talkmill.specs.load import Check, Project
from talkmill.specs.models import Character
from talkmill.specs.told import told
from talkmill.specs.yaml_file import Where

SECONDS = 3.0
"""Length of the speech that prices and limits are asked about: every backend takes it."""

RATES = "prices.rates: "
"""What an error about a missing rate begins with."""


def voices_for(character: Character, language: str) -> Iterator[tuple[Where, Any]]:
    """The voices that a character may have in a language, by any route, and where they stand (see `resolve.voice`)."""
    short = language.split("-")[0]
    key = next((key for key in (language, short) if key in character.voices), None)
    yield (("voices", key), character.voices[key]) if key else (("voice",), character.voice)
    for index, route in enumerate(character.routes):
        if route.voice and (not route.languages or {language, short} & set(route.languages)):
            yield ("routes", index, "voice"), route.voice


def voices(project: Project) -> Iterable[Problem]:
    """Paid voices that do not take their options, the language or a line."""
    seen: set[tuple[str, Where, str]] = set()
    for item in told(project):
        if project.touched(item.file, (*item.where, "languages")) or project.touched(item.file, ("languages",)):
            continue
        for number, speaker, text in item.lines:
            if resolve.recording(item.episode.script[number], item.language):
                continue
            for where, voice in voices_for(project.characters[speaker], item.language):
                kind: Any = backends.load("speak", voice.backend)
                if not getattr(kind, "provider", "") or project.touched(f"characters/{speaker}.yaml", where):
                    continue
                options = voice.model_dump(mode="json")
                why = kind.cannot(options, item.language)
                if why and (speaker, where, why) not in seen:
                    seen.add((speaker, where, why))
                    yield _problem(project, f"characters/{speaker}.yaml", where, options, f"{voice.backend}: {why}")
                elif not why and (why := kind.cannot_say(options, item.language, text)):
                    what, _, cure = why.partition(". ")
                    place = (*item.where, "script", number)
                    yield project.problem_in(item.file, place, f"{voice.backend}, {item.language}: {what}", f"{cure}.")


def options(project: Project) -> Iterable[Problem]:
    """Portraits, motion and lip sync that the provider does not make so; and whatever has no price."""
    table = _Table(project)
    for name, character in project.characters.items():
        file = f"characters/{name}.yaml"
        for where, voice in cross.voices(character):
            asked = {"text": "A line.", "language": "en", "seed": 1, **voice.model_dump(mode="json"), "context": {}}
            yield from table.check("speak", voice.backend, file, where, asked, only_price=True)
        if not isinstance(character.portrait, FIGURES):
            continue
        given = resolve.portrait(character)
        yield from table.check("portray", given["backend"], file, ("portrait",), given)
        for at, where, motion in _motions(project, name, character):
            asked = {**motion.model_dump(mode="json", exclude_none=True), "fps": project.config.fps}
            yield from table.check("animate", motion.backend, at, where, asked)
        for purpose in ("draft", "final"):
            for line in ("speech", "song"):
                layers = resolve.mouths(project.config, character, purpose, line)
                given = resolve.lipsync(project.config, character, purpose, line)
                owner, where, _ = next((one for one in reversed(layers) if one[2].backend), ("config", ("lipsync",), None))
                at = file if owner == "character" else "config.yaml"
                yield from table.alone(name, given["backend"])
                yield from table.check(
                    "lipsync", given["backend"], at, where, {**given, "fps": project.config.fps, "speaks": True}
                )


def _motions(project: Project, name: str, character: Character) -> Iterator[tuple[str, Where, Any]]:
    """What may move a character: file, place, motion."""
    file = f"characters/{name}.yaml"
    if character.animate:
        yield file, ("animate",), character.animate
    for index, own in enumerate(character.routes):
        if own.animate:
            yield file, ("routes", index, "animate"), own.animate
    clip = getattr(character.portrait, "clip", None) is not None
    for index, shared in enumerate(project.config.routes):
        if shared.animate and (shared.animate.backend == "clip") == clip:
            yield "config.yaml", ("routes", index, "animate"), shared.animate


class _Table:
    """Asks paid backends for what they would buy, and the price table for what that costs; each thing is told once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.prices: Any = None
        self.spoilt = any(project.touched("config.yaml", (key,)) for key in ("prices", "budget"))
        self.seen: set[tuple[str, Where, str]] = set()

    def check(
        self, verb: str, name: str, file: str, where: Where, asked: Mapping[str, Any], only_price: bool = False
    ) -> Iterator[Problem]:
        """What is wrong with one choice of a backend; nothing where it is free."""
        maker: Any = backends.load(verb, name)
        if not getattr(maker, "provider", "") or self.project.touched(file, where):
            return
        found: list[str] = []
        calls = _try(found, lambda: list(maker.estimate(asked, SECONDS)))
        told_elsewhere = only_price and bool(found)
        for call in () if self.spoilt else calls or ():
            _try(found, lambda call=call: self.cost(call))
        for text in () if told_elsewhere else found:
            if text.startswith(RATES):  # of the table itself, whoever asks
                file, where, text = "config.yaml", ("budget", "currency"), text.removeprefix(RATES)
            if (file, where, text) not in self.seen:
                self.seen.add((file, where, text))
                yield _problem(self.project, file, where, asked, text.removeprefix(f"{verb}: ").removeprefix("prices: "))

    def alone(self, name: str, backend: str) -> Iterator[Problem]:
        """A face among several, which no provider can be told."""
        face, where = getattr(self.project.characters[name].portrait, "face", None), ("portrait", "face")
        paid = getattr(backends.load("lipsync", backend), "provider", "")
        if (
            face
            and paid
            and not self.project.touched(f"characters/{name}.yaml", where)
            and (name, where, backend) not in self.seen
        ):
            self.seen.add((name, where, backend))
            what = f"names one of several faces, and {backend} cannot be told which of them speaks (found {face})"
            cure = "Crop the picture to one face and take `face` away, or make its lips here: `lipsync: {backend: warp}`."
            yield self.project.problem(name, where, what, cure)

    def cost(self, call: Call) -> None:
        """Raise `RequestError` where a call has no price in the currency of the caps."""
        if self.prices is None:
            from talkmill.money.prices import Prices

            config = self.project.config
            plain = config.prices.model_dump(mode="json", exclude_none=True)
            self.prices = Prices.of(plain, config.budget.currency)
        self.prices.cost(call)


def _try(found: list[str], task: Callable[[], Any]) -> Any:
    try:
        return task()
    except RequestError as error:
        found.append(str(error))


def _problem(project: Project, file: str, where: Where, options: Mapping[str, Any], text: str) -> Problem:
    """A backend's sentence at the option that it names, else at the backend."""
    what, _, cure = text.partition(". ")
    given: Any = project.sheets[file].value if file in project.sheets else None
    for part in where:
        given = given[part] if isinstance(given, list) else given.get(str(part), {}) if isinstance(given, Mapping) else {}
    keys = [key for key in options if isinstance(given, Mapping) and key in given]
    named = [key for key in keys if re.search(rf"\b{key}\b", what.partition("(")[0])]
    place = (*where, named[0]) if named else where
    return project.problem_in(file, place, what, f"{cure.rstrip('.')}.")


CHECKS: tuple[Check, ...] = (voices, options)
"""What `backend_checks` adds to its own."""
