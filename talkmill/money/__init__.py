"""Money: prices, caps, the ledger, and the one path on which something is bought, at most once."""

from talkmill.money.budget import Budget, Cap, Caps, Standing
from talkmill.money.buy import Buyer
from talkmill.money.ledger import Attempt, Ledger
from talkmill.money.prices import Cost, Prices
from talkmill.money.terms import Settings

__all__ = ["Attempt", "Budget", "Buyer", "Cap", "Caps", "Cost", "Ledger", "Prices", "Settings", "Standing"]
