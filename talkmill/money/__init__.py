"""Money: prices, caps, the ledger, and the one path on which something is bought, at most once.

Its names are loaded when they are first used, so that a command that buys nothing starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from talkmill.money.budget import Budget, Cap, Caps, Standing
    from talkmill.money.buy import Buyer
    from talkmill.money.ledger import Ledger
    from talkmill.money.prices import Cost, Prices
    from talkmill.money.records import Attempt
    from talkmill.money.terms import Settings

__all__ = ["Attempt", "Budget", "Buyer", "Cap", "Caps", "Cost", "Ledger", "Prices", "Settings", "Standing"]

_HOMES = {
    "budget": ("Budget", "Cap", "Caps", "Standing"),
    "buy": ("Buyer",),
    "ledger": ("Ledger",),
    "prices": ("Cost", "Prices"),
    "records": ("Attempt",),
    "terms": ("Settings",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"talkmill.money.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
