"""Money: prices, caps, the ledger, and the one path on which something is bought, at most once."""

from talkmill.money.budget import Budget, Cap, Caps, Standing
from talkmill.money.buy import Buyer, Settings
from talkmill.money.ledger import Attempt, Ledger
from talkmill.money.prices import Cost, Prices

__all__ = ["Attempt", "Budget", "Buyer", "Cap", "Caps", "Cost", "Ledger", "Prices", "Settings", "Standing"]
