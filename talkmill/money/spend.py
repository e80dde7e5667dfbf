"""What was spent: the ledger as tables. pandas is loaded when a table is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from talkmill.errors import RequestError
from talkmill.money.ledger import Ledger
from talkmill.money.records import Attempt

if TYPE_CHECKING:
    import pandas

COLUMNS = ("day", "month", "provider", "operation", "model", "character", "episode", "language", "stage", "making", "setting")
"""What a table can be grouped by."""


def attempts(ledger: Ledger) -> list[Attempt]:
    """Every attempt of the ledger, sealed ones too, by time."""
    found = dict(ledger.attempts())
    for name in list(ledger.heads()):
        found.update({(each.key, each.number): each for each in ledger.sealed_attempts(name)})
    return sorted(found.values(), key=lambda each: (each.at, each.key, each.number))


def of_run(ledger: Ledger, run: str, since: float) -> list[Attempt]:
    """What was charged in the run of that name, which began at that Unix time."""
    first = datetime.fromtimestamp(since - 86400, UTC).date().isoformat()
    found = list(ledger.attempts().values())
    for name, head in list(ledger.heads().items()):
        found += ledger.sealed_attempts(name) if head["day"] >= first else []
    return [each for each in {(each.key, each.number): each for each in found}.values() if each.last.get("run") == run]


def frame(ledger: Ledger, timezone: str = "UTC") -> pandas.DataFrame:
    """One row an attempt: COLUMNS, `key`, `attempt`, `state`, `amount` of the unit, `expected`, `spent` and `open` money.

    Money is Decimal in `currency`: `spent` is what is settled or charged, `open` what is reserved, under way or held.
    """
    import pandas

    zone = ZoneInfo(timezone)
    rows = []
    for each in attempts(ledger):
        when = datetime.fromtimestamp(each.at, zone)
        first, label = each.first, each.label
        zero = each.counts * 0
        rows.append(
            {
                "day": when.date().isoformat(),
                "month": f"{when:%Y-%m}",
                "provider": first["provider"],
                "operation": first["operation"],
                "model": first["model"],
                **{name: label.get(name, "") for name in COLUMNS[5:]},
                "key": each.key,
                "attempt": each.number,
                "state": each.state,
                "amount": first.get("amount", ""),
                "expected": first.get("expected", first["worst"]),
                "spent": each.counts if each.over else zero,
                "open": zero if each.over else each.counts,
                "currency": first["currency"],
            }
        )
    names = [*COLUMNS, "key", "attempt", "state", "amount", "expected", "spent", "open", "currency"]
    return pandas.DataFrame(rows, columns=names)


def table(ledger: Ledger, by: list[str], timezone: str = "UTC") -> pandas.DataFrame:
    """Calls and money, grouped: columns `by`, `calls`, `spent`, `open`, `currency`.

    Raises:
        RequestError: an unknown column is named.
    """
    for name in by:
        if name not in COLUMNS:
            raise RequestError(f"--by: knows no {name!r}. Give some of {', '.join(COLUMNS)}.")
    rows = frame(ledger, timezone)
    rows = rows[(rows["state"] != "failed_refunded")]
    grouped = rows.groupby([*by, "currency"], sort=True, dropna=False)
    found = grouped.agg(calls=("key", "count"), spent=("spent", "sum"), open=("open", "sum")).reset_index()
    return found[[*by, "calls", "spent", "open", "currency"]]


def to_text(found: pandas.DataFrame) -> str:
    """A table for people, with a line of sums."""
    if found.empty:
        return "Nothing was spent."
    shown = found.copy()
    for name in ("spent", "open"):
        shown[name] = [f"{value:.4f}".rstrip("0").ljust(6, "0") if value else "-" for value in found[name]]
    sums = found.groupby("currency")[["spent", "open"]].sum()
    lines = [shown.to_string(index=False)]
    lines += [f"in all: {row['spent']} {unit} spent, {row['open']} {unit} reserved or held" for unit, row in sums.iterrows()]
    return "\n".join(lines)
