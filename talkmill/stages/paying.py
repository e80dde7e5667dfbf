"""Paying: the buyer behind a job's paid backends, made when the first one is needed.

A job is told nothing of money: its caps, prices and providers are what config.yaml says when it buys, so a cap that is lowered
during a run holds from then on. Keys come from the environment, in the provider's own file.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkmill.errors import SpecError, TalkmillError
from talkmill.model.calls import Bought, Call
from talkmill.store import Making, Store

if TYPE_CHECKING:
    from talkmill.money import Buyer, Ledger
    from talkmill.specs.models import Config

REBUY = "TALKMILL_REBUY"
"""Environment variable: keys of calls that are bought anew, with commas between them, or `all`."""
RUN, SINCE = "TALKMILL_RUN", "TALKMILL_RUN_SINCE"
"""Environment variables: the name of the run that a job belongs to, and when it began (Unix time)."""


def ledger_of(root: Path, config: Config) -> Ledger:
    """The project's ledger: TALKMILL_LEDGER, else config.yaml's."""
    from talkmill.money.ledger import ROOT_VARIABLE, Ledger

    return Ledger(root / (os.environ.get(ROOT_VARIABLE) or config.ledger))


def rebuy() -> tuple[str, ...]:
    """What TALKMILL_REBUY says."""
    return tuple(name.strip() for name in os.environ.get(REBUY, "").split(",") if name.strip())


def to_be_renewed(store: Store, making: Making) -> bool:
    """Whether something in it is to be bought anew by this run, and has not been yet."""
    names = rebuy()
    if not names or not making.facts.get("bought"):
        return False
    from talkmill.money.terms import Settings, bought_at

    since, settings = float(os.environ.get(SINCE) or 0), Settings(rebuy=names)
    return any(settings.anew(key) and (not since or bought_at(store, key) < since) for key in making.facts["bought"])


def buyer_of(root: Path, store: Store, config: Config | None = None) -> Buyer:
    """The buyer of the project at `root`.

    Raises:
        SpecError: config.yaml is wrong.
        RequestError: a cap, price or provider in it cannot be.
    """
    from talkmill import providers
    from talkmill.money import Buyer, Caps, Prices, Settings
    from talkmill.specs.load import load_config

    config = config or load_config(root)
    plain = config.model_dump(mode="json", exclude_none=True)
    named = {name: plain["providers"][name] for name in providers.REGISTRY}
    settings = Settings(
        repeat_under=Decimal(config.budget.repeat_under),
        rebuy=rebuy(),
        concurrency={name: each["concurrency"] for name, each in named.items()},
        accounts={name: each["account"] for name, each in named.items()},
        since=float(os.environ.get(SINCE) or 0),
        run=os.environ.get(RUN, ""),
    )
    return Buyer(
        store,
        ledger_of(root, config),
        Prices.of(plain["prices"], config.budget.currency),
        Caps.of(plain["budget"]),
        {name: providers.load(name, each) for name, each in named.items()},
        settings,
    )


def cost_of(root: Path, makings: Iterable[Making]) -> dict[str, Any]:
    """What was paid for makings, with every try, as the ledger of the project at `root` says now: `amount`, `currency`; where
    anything was bought also `calls`, and `unknown` where the ledger knows nothing of so many of them."""
    from talkmill.specs.load import load_config

    keys = dict.fromkeys(key for making in makings for key in making.facts.get("bought", ()))
    config = load_config(root)
    if not keys:
        return {"amount": 0, "currency": config.budget.currency}
    ledger = ledger_of(root, config)
    found = {key: [each for each in ledger.history(key) if each.over] for key in keys}
    amount = sum((each.counts for tries in found.values() for each in tries), Decimal(0))
    lost = sum(not tries for tries in found.values())
    told = {"amount": float(amount), "currency": config.budget.currency, "calls": len(keys)}
    return told | ({"unknown": lost} if lost else {})


class Purse:
    """What one making buys with: every call gets its label, and the keys of what was bought are kept.

    Many makings of a job are bought at once, and one at a time works on this machine: who buys lets go of `at_work`.
    """

    def __init__(
        self, buy: Callable[[Call, Mapping[str, Path]], Bought], label: Mapping[str, str], at_work: threading.Lock
    ) -> None:
        self._buy, self.label, self._at_work = buy, dict(label), at_work
        self._buying = False
        self.bought: list[str] = []

    def __call__(self, call: Call, files: Mapping[str, Path]) -> Bought:
        """Buy, as `talkmill.model.calls.Buy` says."""
        with self._away():
            found = self._buy(self._labelled(call), files)
        self.bought.append(found.key)
        return found

    def all(self, wanted: Sequence[tuple[Call, Mapping[str, Path]]]) -> list[Bought]:
        """Buy several calls at once; where one fails, the others are waited for, since they may have been paid for."""
        if len(wanted) < 2:
            return [self(call, files) for call, files in wanted]
        from concurrent.futures import ThreadPoolExecutor, wait

        pool = ThreadPoolExecutor(len(wanted))
        try:
            with self._away():
                asked = [pool.submit(self._buy, self._labelled(call), files) for call, files in wanted]
                wait(asked)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        self.bought += [one.result().key for one in asked if not one.exception()]
        return [one.result() for one in asked]

    def _labelled(self, call: Call) -> Call:
        return replace(call, label={**self.label, **call.label})

    @contextlib.contextmanager
    def _away(self) -> Iterator[None]:
        """Let others work meanwhile. What must be bought first (a session) is bought within another purchase."""
        if self._buying:
            yield
            return
        self._buying = True
        self._at_work.release()
        try:
            yield
        finally:
            self._at_work.acquire()
            self._buying = False


def is_paid(backend: Any) -> bool:
    """Whether a backend, or a class of backends, pays a provider."""
    return bool(getattr(backend, "provider", ""))


TOLD = re.compile(r"[\w.-]+, line \d+: ")
"""How an error of `told` begins in a log."""


def told(error: TalkmillError, purse: Purse) -> TalkmillError:
    """An error of a paid making with the line that it is about, and the calls whose results it has."""
    if isinstance(error, SpecError):
        return error
    label = purse.label
    line = f"line {int(label['making']) + 1}" if label.get("making", "").isdigit() else ""
    where = ", ".join(filter(None, (label.get("character"), line)))
    bought = f" It was bought as {', '.join(key[:12] for key in purse.bought)}." if purse.bought else ""
    error.args = (f"{where}: {error}{bought}",)
    return error
