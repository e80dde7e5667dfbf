"""The ledger against a provider's own list: what one has and the other has not."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol, runtime_checkable

from talkmill.errors import ProviderError
from talkmill.model.calls import Call, Listed, Provider
from talkmill.money.ledger import Ledger
from talkmill.money.records import Attempt

OURS = "tm-"
"""What our handles begin with."""
KEPT = 29 * 86400
"""Seconds for which a task can be expected to be listed: Kling keeps them for 30 days."""
NEW = 60
"""Seconds that a list may be behind."""


@runtime_checkable
class Lists(Protocol):
    """A provider that lists the tasks of its account."""

    def lists(self, call: Call) -> bool:
        """Whether such a call's task would be listed."""
        ...

    def listed(self, since: float) -> Iterable[Listed]:
        """Its tasks since that Unix time."""
        ...


@dataclass(frozen=True)
class Difference:
    """Something that only one of the two has."""

    kind: str  # missing: the provider does not list it; extra: the ledger does not have it; unasked: there was no answer
    provider: str
    what: str  # a sentence

    def to_json(self) -> dict[str, str]:
        """For programs."""
        return asdict(self)


def compare(ledger: Ledger, providers: Mapping[str, Provider], now: float | None = None) -> list[Difference]:
    """Every difference of the last weeks, by providers that list their tasks; others are passed over.

    Raises:
        HeldError: the ledger cannot be read.
    """
    now = time.time() if now is None else now
    attempts = [each for each in _attempts(ledger) if each.at >= now - KEPT]
    found: list[Difference] = []
    for name, provider in providers.items():
        mine = [each for each in attempts if each.first["provider"] == name]
        if not isinstance(provider, Lists) or not mine:
            continue
        try:
            listed = list(provider.listed(now - KEPT - 86400))
        except ProviderError as error:
            found.append(Difference("unasked", name, f"{name}: could not be asked for its tasks: {error}"))
            continue
        found += _missing(name, provider, mine, {one.task for one in listed}, now)
        found += _extra(name, mine, [one for one in listed if one.at >= now - KEPT])
    return found


def _missing(name: str, provider: Lists, mine: Iterable[Attempt], there: set[str], now: float) -> Iterable[Difference]:
    for each in mine:
        first, task = each.first, each.task
        call = Call(first["provider"], first["operation"], first["model"], {}, label=first["label"])
        if task and task.id not in there and provider.lists(call) and float(each.last["at"]) < now - NEW:
            what = (
                f"{each.title}: task {task.id} is in the ledger ({each.state}) and not in {name}'s list. Look whether the key "
            )
            yield Difference("missing", name, f"{what}is of the account that it was bought with.")


def _extra(name: str, mine: list[Attempt], listed: Iterable[Listed]) -> Iterable[Difference]:
    tasks = {each.task.id for each in mine if each.task}
    handles = {each.handle: each for each in mine}
    for one in listed:
        if one.task in tasks or not one.handle.startswith(OURS):
            continue
        known = handles.get(one.handle)
        if known is None:
            told = "is in no record of this ledger. It is another project's, or its records are lost"
        elif known.over:
            told = f"is {known.title}, of which the ledger says that it never came about ({known.state.replace('_', ', ')})"
        else:
            continue  # under way: the next run asks for it
        yield Difference("extra", name, f"{name}: task {one.task} ({one.operation}, {one.handle}) {told}.")


def _attempts(ledger: Ledger) -> list[Attempt]:
    found = {(each.key, each.number): each for each in ledger.attempts().values()}
    for name in ledger.heads():
        found.update({(each.key, each.number): each for each in ledger.sealed_attempts(name)})
    return sorted(found.values(), key=lambda each: each.at)
