"""Sealing: attempts that are over move from many small files into one file a day, with totals, so that summing stays quick.

A sealed file is lines. The first is the head, in JSON: `day` (UTC), `currency`, `calls` (how many), `totals` (`[start of the
quarter hour in Unix time, provider, character, amount]`). The second names the attempts. Then each has a line, in JSON, with
all its records.

Files are numbered, and a number is taken by `link(2)`: what one process seals, no other seals again. The small files go away
after that. Killed in between, both are there; the sealed file counts, and whoever seals next clears the small ones away.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from talkmill.money import records
from talkmill.money.budget import QUARTER
from talkmill.money.files import create, dead, make_folder
from talkmill.money.ledger import Ledger, Taken
from talkmill.money.points import point
from talkmill.money.records import Attempt
from talkmill.store.objects import sync_folder, writing

MANY = 256
"""Attempts that are over and not sealed, from which on those of today are sealed too."""

LEFT = 86400.0
"""Seconds after which a reservation that was never sent is given up, where its process cannot be asked."""


def day(attempt: Attempt) -> str:
    """The UTC day of its reservation."""
    return datetime.fromtimestamp(attempt.at, UTC).date().isoformat()


def seal(ledger: Ledger, now: float | None = None) -> int:
    """Seal what is over: all of days gone by, and of today where it is much; gives how many attempts were sealed."""
    today = datetime.fromtimestamp(time.time() if now is None else now, UTC).date().isoformat()
    clear(ledger)
    over = [each for each in give_up(ledger, ledger.attempts().values()) if each.over]
    if len(over) < MANY:
        over = [each for each in over if day(each) < today]
    days: dict[str, list[Attempt]] = {}
    for each in over:
        days.setdefault(day(each), []).append(each)
    sealed = 0
    for name in sorted(days):
        if not _write(ledger, name, days[name]):
            return sealed  # another process is sealing
        sealed += len(days[name])
    clear(ledger)
    return sealed


def give_up(ledger: Ledger, attempts: Iterable[Attempt]) -> list[Attempt]:
    """Let go of reservations whose process ended before anything was sent; gives the attempts as they are then."""
    found = []
    for each in attempts:
        if each.state == "reserved":
            gone = dead(each.last["owner"])
            if gone or (gone is None and time.time() - float(each.last["at"]) > LEFT):
                reason = "reserved and never sent"
                with contextlib.suppress(Taken):
                    each = ledger.append(each, "failed_refunded", reason=reason, handle_again=each.first.get("handle"))
        found.append(each)
    return found


def _write(ledger: Ledger, name: str, attempts: list[Attempt]) -> bool:
    attempts = sorted(attempts, key=lambda each: (each.at, each.key, each.number))
    number = 1 + max((int(other.partition(".")[0]) for other in ledger.names("sealed")), default=0)
    known = ledger.sealed()  # after the number: an attempt sealed since is in a file of that number, which is then taken
    attempts = [each for each in attempts if records.ident(each.key, each.number) not in known]
    if not attempts:
        return True
    totals: dict[tuple[int, str, str], Decimal] = {}
    for each in attempts:
        quarter = int(each.at // QUARTER * QUARTER)
        group = (quarter, each.first["provider"], each.label.get("character", ""))
        totals[group] = totals.get(group, Decimal(0)) + each.counts
    currencies = {each.first["currency"] for each in attempts}
    if len(currencies) != 1:
        return True  # a ledger in two currencies is refused where it is summed
    head = {
        "schema": records.SCHEMA,
        "day": name,
        "currency": currencies.pop(),
        "calls": len(attempts),
        "totals": [[*group, str(amount)] for group, amount in sorted(totals.items())],
    }
    names = b" ".join(records.ident(each.key, each.number) for each in attempts) + b"\n"
    lines = [{"key": each.key, "attempt": each.number, "records": list(each.records)} for each in attempts]
    folder = ledger.root / "sealed"
    make_folder(folder)
    data = records.encode(head) + names + b"".join(map(records.encode, lines))
    if not create(folder / f"{number:06}.jsonl", data):
        return False
    point("sealed")
    return True


def clear(ledger: Ledger) -> None:
    """Remove the small files of sealed attempts."""
    sealed = ledger.sealed()
    gone = False
    for name in ledger.names("open"):
        match = records.NAME.fullmatch(name)
        if match and records.ident(match["key"], int(match["attempt"])) in sealed:
            with writing(ledger.open):
                (ledger.open / name).unlink(missing_ok=True)
            gone = True
            point("cleared")
    if gone:
        sync_folder(ledger.open)
