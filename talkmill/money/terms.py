"""Terms of a purchase: its settings, what counts as bought already, and what people are told of a call that is held."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from talkmill.errors import HeldError
from talkmill.model.calls import Bought, Call
from talkmill.money.records import Attempt
from talkmill.store.digests import file_digest
from talkmill.store.making import lookup
from talkmill.store.objects import Store

CLOCKS = 3600
"""Seconds by which the clock may be wrong when the age of a session is told."""


@dataclass(frozen=True)
class Settings:
    """How to buy. Times in seconds."""

    attempts: int = 3  # at one call in one run, where the provider says that another try may go well
    tries: int = 8  # submits of one call in one run that are not taken
    misses: int = 5  # calls given up one after another, in all processes of a run, after which no more are sent in it
    fetches: int = 4  # of one result in one run, each with the provider's own tries, where what comes cannot be used
    deadline: float = 3600  # for a call as a whole, waiting for a slot included
    first_wait: float = 1.0  # between polls at first, and after a submit that was not taken
    last_wait: float = 15.0  # in the end
    poll_wait: float = 3.0  # between polls in the end: a slot is held until we know that its task is done
    takeover: float = 900.0  # after which an unanswered intent of another machine counts as left behind
    repeat_under: Decimal = Decimal(0)  # calls up to this cost are repeated once when nobody can say what became of them
    rebuy: Collection[str] = ()  # keys, or 12 or more of their first digits, that are bought anew; "all"
    concurrency: Mapping[str, int] | None = None  # provider -> calls in flight; not named: 4
    account: str = "default"  # slots and stops are per provider and account
    accounts: Mapping[str, str] | None = None  # provider -> account; not named: `account`
    since: float = 0.0  # Unix time of the run's start: what was bought after it is not bought anew; 0: once a process
    run: str = ""  # name of this run, for what stops submissions in all its processes; "": TALKMILL_RUN or this process

    def account_of(self, provider: str) -> str:
        """The name of the account at a provider."""
        return (self.accounts or {}).get(provider, self.account)

    def anew(self, key: str) -> bool:
        """Whether that call is to be bought again."""
        return any(name == "all" or (len(name) >= 12 and key.startswith(name)) for name in self.rebuy)


def named(call: Call, files: Mapping[str, Path]) -> Call:
    """The call with the digests of its files among its inputs; one whose digest the call itself names is not asked for."""
    digests = {role: file_digest(files[role]) for role in files if role not in call.inputs}
    return replace(call, inputs={**digests, **call.inputs})


def found(store: Store, call: Call) -> Bought | None:
    """The result of a call in the store, if it is there and has not run out."""
    making = lookup(store, call.key)
    if not making:
        return None
    if call.lasts is not None and not fresh(bought_at(store, call.key), call.lasts):
        return None
    return Bought(call.key, {role: store.object(name) for role, name in making.files.items()}, making.files, making.facts)


def bought_at(store: Store, key: str) -> float:
    """Unix time at which what the store has of a call was bought; 0: not known."""
    try:
        return float(json.loads(store.record(key).read_bytes())["bought"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def fresh(at: float, lasts: int) -> bool:
    """Whether something bought then is still of use."""
    return -CLOCKS <= time.time() - at < lasts


def held_error(attempt: Attempt) -> HeldError:
    """What people are told of a held call."""
    reason = attempt.last.get("reason", "no reason kept")
    return HeldError(
        f"{attempt.title}: is held, since nobody can say what became of it ({reason}); {attempt.worst} "
        f"{attempt.first['currency']} stay reserved. Look at your account at {attempt.first['provider']}, then run "
        f"`talkmill reconcile {attempt.key[:12]} --charged`, or `--not-charged`; either way the next run buys it."
    )
