"""A process that buys: `python -m tests.crash.driver ROOT URL MODE NUMBER... `; ends as `talkmill` would."""

import os
import sys
import time
from decimal import Decimal
from pathlib import Path

from talkmill.errors import TalkmillError
from talkmill.money import Buyer, Caps, Ledger, Prices, Settings, files
from talkmill.store import Store
from tests.crash.provider import PRICES, Toy, call


def buyer(root, url, mode, caps=None, **settings):
    """A buyer on `root` that does not wait long."""
    settings = {"first_wait": 0.01, "last_wait": 0.05, "deadline": 20.0, "run": "test"} | settings
    settings.setdefault("concurrency", {"toy": 64})
    providers = {"toy": Toy(url, mode)} if url else {}
    return Buyer(
        Store(root / os.environ.get("MACHINE", "store")),
        Ledger(root / "ledger"),
        Prices.of(PRICES),
        Caps.of(caps or {}),
        providers,
        Settings(**settings),
    )


def main(root, url, mode, *numbers):
    if "MACHINE" in os.environ:  # another machine: nothing is shared but the ledger
        files.machine = lambda: os.environ["MACHINE"]
    sabotage = os.environ.get("SABOTAGE")
    if sabotage:
        from tests.crash import sabotages

        getattr(sabotages, sabotage)()
    caps = {"per_day": os.environ["CAP"]} if "CAP" in os.environ else {}
    repeat = Decimal(os.environ.get("REPEAT_UNDER", "0"))
    shop = buyer(Path(root), url, mode, caps, repeat_under=repeat)
    code = 0
    time.sleep(max(0.0, float(os.environ.get("START", "0")) - time.time()))
    for number in numbers:
        try:
            shop.buy(call(int(number)), {})
        except TalkmillError as error:
            print(error, file=sys.stderr)
            code = max(code, error.exit_code)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
