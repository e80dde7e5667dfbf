"""Buying: the one path on which a paid call is made, at most once.

Look in the store, reserve against every cap, record the intent, submit under a handle, record the task, poll, fetch, keep,
settle. Each step is a record in the ledger before the next one begins, so after a crash the same call goes on where it stood.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path
from weakref import WeakValueDictionary

from talkmill.errors import RequestError
from talkmill.model.calls import Bought, Call, Provider
from talkmill.money.budget import Budget, Caps
from talkmill.money.ledger import Ledger
from talkmill.money.points import point
from talkmill.money.prices import Cost, Prices
from talkmill.money.purchase import Purchase
from talkmill.money.seal import seal
from talkmill.money.slots import Breaker, Slots
from talkmill.money.terms import Settings, bought_at, found, named
from talkmill.store.objects import Store

_KEYS: WeakValueDictionary[tuple[str, str], threading.Lock] = WeakValueDictionary()
"""One call is bought by one thread of this process at a time, also where two stores share a ledger."""
_LOOKING = threading.Lock()

TIDY = 64
"""Calls of one buyer after which it seals again: a run of many thousands stays as quick as it was, and as small."""


def _key(ledger: Ledger, key: str) -> threading.Lock:
    """The lock of a call, for as long as somebody has it."""
    who = str(ledger.root.absolute()), key
    with _LOOKING:
        found = _KEYS.get(who)
        if found is None:
            found = _KEYS[who] = threading.Lock()
        return found


class Buyer:
    """Buys calls. One instance serves many threads."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        prices: Prices,
        caps: Caps,
        providers: Mapping[str, Provider],
        settings: Settings | None = None,
    ) -> None:
        self.store = store
        self.ledger = ledger
        self.prices = prices
        self.budget = Budget(ledger, caps)
        self.providers = providers
        self.settings = settings or Settings()
        self.slots = Slots(ledger.root / "slots")
        self.breaker = Breaker(ledger.root / "breakers", self.settings.run)
        self._reserved = 0
        self._counting = threading.Lock()
        self.renewed: set[str] = set()  # bought anew by this run: not once more

    def tidy(self) -> None:
        """Seal what is over, before this buyer's first call and after every so many more."""
        with self._counting:
            due = self._reserved % TIDY == 0
            self._reserved += 1
        if due:
            seal(self.ledger)

    def cost(self, call: Call) -> Cost:
        """What a call costs (see `Prices.cost`); nothing is bought."""
        return self.prices.cost(call)

    def find(self, call: Call) -> Bought | None:
        """The result of a call whose `inputs` are filled in, if the store has it and it has not run out."""
        return found(self.store, call)

    def pays(self, call: Call) -> bool:
        """Whether buying this call now would submit anything: False where the store or a task under way serves it."""
        if self._anew(call.key):
            return True
        if self.find(call):
            return False
        history = self.ledger.history(call.key)
        if not history or history[-1].state in ("reserved", "failed_refunded", "failed_charged"):
            return True
        return history[-1].state == "settled" and call.lasts is not None

    def _anew(self, key: str) -> bool:
        since = self.settings.since
        return self.settings.anew(key) and key not in self.renewed and not (since and bought_at(self.store, key) >= since)

    def buy(self, call: Call, files: Mapping[str, Path]) -> Bought:
        """The result of a call, from the store or bought now.

        Args:
            call: its `inputs` are filled in from the files, but for roles that it has (see `talkmill.model.calls.Buy`).
            files: what is sent along, by role.

        Raises:
            BudgetError: a cap would be passed; nothing was submitted.
            HeldError: a person has to say what became of it, or the ledger cannot be relied on.
            Refused, AccountError: the provider will not take it.
            ProviderError: it is not there yet, or the provider failed; running again goes on from there.
            RequestError: it has no price, or its provider is not set up.
        """
        call = named(call, files)
        key = call.key
        anew = self._anew(key)
        if not anew and (bought := self.find(call)):
            return bought
        with _key(self.ledger, key), self.store.claim(key):
            point("claimed")
            anew = self._anew(key)
            if not anew and (bought := self.find(call)):
                return bought
            if call.provider not in self.providers:
                raise RequestError(
                    f"{call.provider}: is not set up, so {call.price} cannot be bought (found: "
                    f"{', '.join(sorted(self.providers)) or 'none'}). Set it up under `providers` in config.yaml."
                )
            files = dict(files)  # made now, where they are not yet: no slot is held while a clip is packed
            with self.store.workdir() as workdir, contextlib.ExitStack() as held:
                return Purchase(self, call, files, workdir, anew, held).run()
