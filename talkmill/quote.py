"""The quote: what a run would really submit now, given the store and the ledger, and how that stands against every cap.

The stages that pay are run as they would be, on makings that the store has; nothing is made, and nothing bought. Where what
they need has not been made yet, their cost is guessed from the texts. What is in the store, or under way, costs nothing more.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkmill.errors import TalkmillError
from talkmill.model.calls import Bought, Call
from talkmill.money.terms import named
from talkmill.plan import Plan, Release, ticket_path
from talkmill.stages import Job
from talkmill.stages.paying import is_paid, to_be_renewed
from talkmill.store import Making, Request, Store, Ticket
from talkmill.store.making import lookup
from talkmill.store.tickets import NAME

if TYPE_CHECKING:
    from talkmill.money import Buyer

STAGES = ("portray", "animate", "inspect", "write", "speak", "clean", "lipsync")
"""Those that pay, and those that they depend on, in order."""
PACE = 14.0
"""Characters of text that are spoken in a second: a guess, for lines that have not been spoken yet."""
PAUSE = 0.6
"""Seconds that a segment is longer than its line."""


@dataclass(frozen=True)
class Item:
    """One thing that would be bought. Money in the currency of the caps."""

    episode: str  # "": for a character, whatever the episode
    language: str
    character: str
    stage: str
    making: str
    provider: str
    price: str  # row of the price table
    calls: int
    expected: Decimal
    worst: Decimal
    exact: bool


@dataclass(frozen=True)
class Quote:
    """What a run would buy."""

    items: tuple[Item, ...]
    currency: str
    caps: tuple[Mapping[str, Any], ...]  # setting, cap, counted, after: with all of the quote; over: by how much

    @property
    def expected(self) -> Decimal:
        """The whole."""
        return sum((item.expected for item in self.items), Decimal(0))

    @property
    def worst(self) -> Decimal:
        """The whole at its worst, which is what is reserved."""
        return sum((item.worst for item in self.items), Decimal(0))

    @property
    def exact(self) -> bool:
        """Whether nothing in it is a guess."""
        return all(item.exact for item in self.items)

    def to_json(self) -> dict[str, Any]:
        """Plain values; money as text."""
        plain = [{**asdict(item), "expected": str(item.expected), "worst": str(item.worst)} for item in self.items]
        caps = [{name: str(value) if isinstance(value, Decimal) else value for name, value in cap.items()} for cap in self.caps]
        whole = {"expected": str(self.expected), "worst": str(self.worst), "exact": self.exact, "currency": self.currency}
        return {**whole, "items": plain, "caps": caps}


class _Stop(Exception):
    """A backend came to a call that would be bought, or that has been: it goes no further."""


class _Looking(Job):
    """A job that makes nothing: it finds makings in the store, and notes what would be bought."""

    tells = False

    def __init__(self, recipe: Mapping[str, Any], tickets: Mapping[str, Ticket], quoter: Quoter) -> None:
        super().__init__(recipe, tickets, quoter.store, quoter.root)
        self.quoter, self.whole = quoter, True
        self.found: list[Item] = []

    def all(self, tasks: Mapping[str, Any]) -> dict[str, Making]:
        """One after another."""
        return {name: task() for name, (_, task) in tasks.items()}

    def make(
        self,
        backend: Mapping[str, Any],
        request: Mapping[str, Any],
        inputs: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
        label: Mapping[str, str] | None = None,
    ) -> Making:
        """What the store has; else a placeholder, and the ticket is not whole."""
        inputs, files = inputs or {}, files or {}
        key = Request(backend["verb"], backend["name"], backend["version"], backend["engine"], request, inputs).key
        making = lookup(self.store, key)
        if making and not to_be_renewed(self.store, making):
            return making
        self.whole = False
        maker = self.backend(backend["verb"], backend["name"])
        if is_paid(maker) and key not in self.quoter.seen:  # what several episodes share is bought once
            self.quoter.seen.add(key)
            paths = {name: files.get(name) or self.object(digest) for name, digest in inputs.items()}
            self.found += self.quoter.bought(maker, request, paths, self.label(**(label or {})))
        return Making(key, {}, {})


class Quoter:
    """Quotes a plan."""

    def __init__(self, plan: Plan, store: Store, buyer: Buyer, root: Path) -> None:
        self.plan, self.store, self.buyer, self.root = plan, store, buyer, root
        self.seen: set[str] = set()  # makings and calls that are in the quote
        self._tickets: dict[str, Ticket | None] = {}
        self._items: dict[str, list[Item]] = {}

    def quote(self, releases: Sequence[Release], products: Collection[str] | None = None) -> Quote:
        """What making these would buy; with `products`, only what making those tickets would.

        Raises:
            RequestError: something that would be bought has no price.
            HeldError: the ledger cannot be relied on.
        """
        names = dict.fromkeys(name for release in releases for name in needed(self.plan, release))
        if products is not None:
            names = {name: None for name in names if ticket_path(self.plan.recipes[name], name) in products}
        for name in names:
            self._ticket(name)
        items = [item for name in names for item in self._items[name]]
        return Quote(tuple(items), self.buyer.budget.caps.currency, tuple(self._caps(items)))

    def _ticket(self, name: str) -> Ticket | None:
        """The ticket that a recipe would have, if all of it is in the store; what would be bought is noted."""
        if name in self._tickets:
            return self._tickets[name]
        recipe = self.plan.recipes[name]
        self._items[name] = []
        upstream = {role: self._ticket(digest_of(path)) for role, path in recipe["inputs"].items()}
        self._tickets[name] = None
        if any(ticket is None for ticket in upstream.values()):
            self._items[name] = list(self._guessed(recipe))
            return None
        job = _Looking(recipe, {role: ticket for role, ticket in upstream.items() if ticket}, self)
        try:
            outcome = import_module(f"talkmill.stages.{recipe['stage']}").run(job)
        except KeyError:  # it looked into what is not made yet
            if job.whole:
                raise
        else:
            if job.whole:
                self._tickets[name] = Ticket(recipe["stage"], name, outcome.makings, outcome.facts)
        finally:
            job.close()
        self._items[name] = job.found
        return self._tickets[name]

    def bought(self, maker: Any, request: Mapping[str, Any], paths: Mapping[str, Path], label: Mapping[str, str]) -> list[Item]:
        """What one making would buy: its calls up to the first whose result is not there, and of those that come after what it
        estimates. What has been bought, or is under way, costs nothing more."""
        seconds = request["frames"] / request["fps"] if "frames" in request else 0.0
        rest = [replace(call, exact=True) for call in maker.estimate(request, seconds)]
        wanted: list[Call] = []

        def see(call: Call) -> None:
            like = next((one for one in rest if (one.operation, one.model) == (call.operation, call.model)), None)
            if like:
                rest.remove(like)

        def look(call: Call, files: Mapping[str, Path]) -> Bought | None:
            call = named(call, files)
            see(call)
            if (found := self.buyer.find(call)) and not self.buyer.pays(call):
                return found
            if call.key not in self.seen and self.buyer.pays(call):
                if call.before:
                    with contextlib.suppress(_Stop, TalkmillError):
                        call.before()
                self.seen.add(call.key)
                wanted.append(call)
            elif call.before:  # what it needs first goes with it
                rest[:] = [one for one in rest if one.lasts is None]
            return None

        def all_of(asked: Sequence[tuple[Call, Mapping[str, Path]]]) -> list[Bought]:
            looked = [look(call, files) for call, files in asked]
            found = [one for one in looked if one]
            if len(found) < len(looked) or not rest:  # without a rest, all that is left is to make something of it
                raise _Stop
            return found

        def buy(call: Call, files: Mapping[str, Path]) -> Bought:
            return all_of([(call, files)])[0]

        buy.all = all_of  # type: ignore[attr-defined]

        with tempfile.TemporaryDirectory(prefix="talkmill-quote-") as folder:
            try:
                maker.run(request, paths, Path(folder), buy)
            except _Stop:
                pass
            except TalkmillError:  # of the request, or of what was bought: its job says so; the others are quoted all the same
                return []
            else:
                return []
        return list(self._items_of([*wanted, *rest], label))

    def _guessed(self, recipe: Mapping[str, Any]) -> Iterator[Item]:
        """What a stage would buy whose inputs are not made yet, from the texts."""
        settings, stage = recipe["settings"], recipe["stage"]
        job = _Looking(recipe, {}, self)
        if stage in ("portray", "animate"):
            maker = job.backend(settings["backend"]["verb"], settings["backend"]["name"])
            if is_paid(maker):
                yield from self._items_of(maker.estimate(settings["request"], 0.0), job.label())
        if stage == "lipsync":
            lines = self.plan.recipes[digest_of(recipe["inputs"]["write"])]["settings"]["utterances"]
            for index, line in enumerate(lines):
                told = settings.get("figures", {}).get(line["speaker"])
                if not told:
                    continue
                chosen = told["lines"][settings["kinds"][index]]
                maker = job.backend(chosen["backend"]["verb"], chosen["backend"]["name"])
                if is_paid(maker):
                    seconds = len(line["text"]) / PACE + PAUSE
                    calls = maker.estimate({**chosen["options"], "fps": self.plan.project.config.fps, "speaks": True}, seconds)
                    label = job.label(character=line["speaker"], making=str(index))
                    yield from self._items_of([replace(call, exact=False) for call in calls], label)

    def _items_of(self, calls: Sequence[Call], label: Mapping[str, str]) -> Iterator[Item]:
        for call in calls:
            cost = self.buyer.cost(call)
            yield Item(
                label.get("episode", ""), label.get("language", ""), label.get("character", ""), label["stage"],
                label.get("making", ""), call.provider, cost.row, 1, cost.expected, cost.worst, cost.exact,
            )  # fmt: skip

    def _caps(self, items: Sequence[Item]) -> Iterator[Mapping[str, Any]]:
        """Every cap, with what this quote would add at its worst."""
        caps = self.buyer.budget.caps
        scopes = {setting: (provider, character) for setting, _, provider, character in caps.every()}

        def mine(setting: str) -> list[Item]:
            provider, character = scopes[setting]
            return [one for one in items if provider in ("", one.provider) and character in ("", one.character)]

        for setting, cap, _, _ in caps.every():
            if cap.per_call is not None:
                dearest = max((item.worst for item in mine(setting)), default=Decimal(0))
                over = max(dearest - cap.per_call, Decimal(0))
                told = {"cap": cap.per_call, "counted": Decimal(0), "after": dearest, "over": over}
                yield {"setting": f"{setting}.per_call", **told}
        for standing in self.buyer.budget.standing():
            added = sum((item.worst for item in mine(standing.setting.rpartition(".")[0])), Decimal(0))
            after = standing.counted + added
            over = max(after - standing.cap, Decimal(0))
            yield {"setting": standing.setting, "cap": standing.cap, "counted": standing.counted, "after": after, "over": over}


def sentence(quote: Quote) -> str:
    """A quote in one line."""
    if not quote.items:
        return "Nothing to buy."
    unit, calls = quote.currency, sum(item.calls for item in quote.items)
    whole = f"To buy: {calls} {'call' if calls == 1 else 'calls'} for {quote.expected:.3f} {unit}"
    if quote.exact:
        return f"{whole}."
    why = "~: an estimate, since what it depends on is not made yet; of it, what was bought before is not bought again"
    return f"{whole}, {quote.worst:.3f} {unit} at most ({why})."


def needed(plan: Plan, release: Release) -> Iterator[str]:
    """The recipes behind a release of the stages that pay or are paid for, upstream first."""
    seen: dict[str, None] = {}

    def visit(name: str) -> None:
        for path in plan.recipes[name]["inputs"].values():
            if digest_of(path) not in seen:
                visit(digest_of(path))
        seen[name] = None

    visit(release.recipe)
    yield from (name for name in seen if plan.recipes[name]["stage"] in STAGES)


def digest_of(path: str) -> str:
    """The digest in a ticket's path."""
    match = NAME.fullmatch(path.rpartition("/")[2])
    assert match, path  # noqa: S101  # the plan's own names
    return match["digest"]
