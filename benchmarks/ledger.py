"""How long a reservation takes that reads everything anew, and what a process that buys for long takes up.

`python -m benchmarks.ledger`, and `python -m benchmarks.ledger 10000` for so many calls in one process.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from talkmill.model.calls import Call, Task
from talkmill.money.budget import Budget, Caps
from talkmill.money.ledger import Ledger
from talkmill.money.prices import Cost
from talkmill.money.records import Attempt, encode, ident

CAPS = Caps.of({"per_call": 1, "per_day": 1000, "per_month": 20000})
COST = Cost(Decimal("0.1"), Decimal("0.1"), "toy/make", True)
A_DAY = 500  # calls: 30 episodes


def reserve(root: Path, number: int) -> Attempt:
    """Reserve one call, with everything read anew."""
    call = Call("toy", "make", "", {"number": number}, label={"character": "mia"})
    return Budget(Ledger(root), CAPS).reserve(call, call.key, 1, COST)


def year(root: Path) -> None:
    """Sealed files of a year of 30 episodes a day."""
    folder = root / "sealed"
    folder.mkdir(parents=True)
    now = time.time()
    for day in range(365):
        start = int(now - 86400 * (day + 2)) // 900 * 900
        totals = [[start + 900 * quarter, "toy", "mia", "1.3"] for quarter in range(40)]
        head = {"schema": 2, "day": time.strftime("%Y-%m-%d", time.gmtime(start)), "currency": "USD", "calls": A_DAY}
        names = b" ".join(ident(f"{day:04}{number:060}", 1) for number in range(A_DAY))
        (folder / f"{day + 1:06}.jsonl").write_bytes(encode(head | {"totals": totals}) + names + b"\n")


def measure(folder: Path) -> dict[str, str]:
    """Seconds of one reservation; of each the middle of five."""
    rows = {}
    for name, opened, sealed in (
        ("empty", 0, False),
        ("250 open calls", 250, False),
        ("250 open calls, a year sealed", 250, True),
    ):
        root = folder / name.replace(" ", "-")
        if sealed:
            year(root)
        for number in range(opened):
            reserve(root, number)
        taken = []
        for number in range(5):
            begun = time.perf_counter()
            reserve(root, 10_000 + number)
            taken.append(time.perf_counter() - begun)
        rows[f"reserve, {name}"] = f"{sorted(taken)[2] * 1000:.0f} ms"
    return rows


def many(root: Path, calls: int) -> Iterator[dict[str, Any]]:
    """Buy so many calls in this process, of a provider in it; after each tenth of them what a call took, and what is held."""
    from tests.money.fake import Fake, buyer, call

    class Thin(Fake):
        """Keeps nothing itself."""

        def take(self, call: Any, handle: str) -> Task:
            return Task(handle)

    shop, begun = buyer(root, Thin(), deadline=600.0), time.process_time()
    for number in range(1, calls + 1):
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
            shop.buy(call(number), {})
        shop.providers["fake"].submits.clear()
        if number % max(calls // 10, 1) == 0:
            gc.collect()
            rows = Path("/proc/self/smaps_rollup").read_text().splitlines()
            own = next(int(row.split()[1]) for row in rows if row.startswith("Pss_Anon:"))
            each = 1000 * (time.process_time() - begun) / max(calls // 10, 1)
            told = {"calls": number, "memory_mb": round(own / 1000, 1), "cpu_ms_a_call": round(each, 1)}
            yield told | {"files": len(os.listdir("/proc/self/fd")), "records_open": len(shop.ledger.names("open"))}
            begun = time.process_time()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        if sys.argv[1:]:
            for row in many(Path(place), int(sys.argv[1])):
                print(json.dumps(row), flush=True)
        else:
            print(json.dumps(measure(Path(place)), indent=1))
