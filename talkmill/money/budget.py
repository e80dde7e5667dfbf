"""Caps: a call, a day, a month; whole, per provider, per character; kept across processes and machines.

A call is counted at its worst before its intent is written, and at what it cost afterwards. It counts for every day and month
that its time touches with an hour more on either side: so a cap also holds where clocks are up to an hour wrong or are set
back, and where a day of the time zone has 23 or 25 hours. The last and the first hour of a day count for both days.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from talkmill.errors import BudgetError, RequestError
from talkmill.model.calls import Call
from talkmill.money import records
from talkmill.money.ledger import Id, Ledger
from talkmill.money.prices import Cost
from talkmill.money.records import Attempt

SLACK = 3600
"""Seconds by which clocks may be wrong."""

QUARTER = 900
"""Seconds: totals of sealed days are kept by quarter hours, which every time zone's days consist of."""


@dataclass(frozen=True)
class Cap:
    """Most that may be spent; None: no cap."""

    per_call: Decimal | None = None
    per_day: Decimal | None = None
    per_month: Decimal | None = None


@dataclass(frozen=True)
class Caps:
    """All caps of a project, in one currency."""

    whole: Cap = Cap()
    providers: Mapping[str, Cap] = field(default_factory=dict)
    characters: Mapping[str, Cap] = field(default_factory=dict)
    currency: str = "USD"
    timezone: str = "UTC"

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Caps:
        """From plain values, as `budget:` in config.yaml has them.

        Raises:
            RequestError: names the setting.
        """

        def cap(values: Mapping[str, Any], where: str) -> Cap:
            found = {}
            for name in ("per_call", "per_day", "per_month"):
                value = values.get(name)
                try:
                    found[name] = None if value is None else Decimal(str(value))
                    good = value is None or (found[name].is_finite() and found[name] >= 0)
                except InvalidOperation:
                    good = False
                if not good:
                    raise RequestError(f"{where}.{name}: is no amount of money (found {value!r}). Give a number such as 5.00.")
            return Cap(**found)

        whole = cap(data, "budget")
        parts = {
            kind: {name: cap(values, f"budget.{kind}.{name}") for name, values in (data.get(kind) or {}).items()}
            for kind in ("providers", "characters")
        }
        timezone = data.get("timezone") or "UTC"
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise RequestError(
                f"budget.timezone: is no time zone (found {timezone!r}). Give a name such as Europe/Berlin."
            ) from None
        return cls(whole, parts["providers"], parts["characters"], data.get("currency") or "USD", timezone)

    def of_call(self, provider: str, character: str) -> Iterator[tuple[str, Cap, str, str]]:
        """The caps that a call falls under: setting, cap, and the provider and character that it sums over ("": all)."""
        yield "budget", self.whole, "", ""
        if provider in self.providers:
            yield f"budget.providers.{provider}", self.providers[provider], provider, ""
        if character in self.characters:
            yield f"budget.characters.{character}", self.characters[character], "", character

    def every(self) -> Iterator[tuple[str, Cap, str, str]]:
        """All caps, as `of_call` gives them."""
        yield "budget", self.whole, "", ""
        yield from ((f"budget.providers.{name}", cap, name, "") for name, cap in self.providers.items())
        yield from ((f"budget.characters.{name}", cap, "", name) for name, cap in self.characters.items())


@dataclass(frozen=True)
class Entry:
    """Money that counts."""

    start: float  # Unix time of the reservation; of a sealed quarter hour, its start
    length: float
    provider: str
    character: str
    amount: Decimal


@dataclass(frozen=True)
class Standing:
    """How a cap stands."""

    setting: str  # "budget.providers.kling.per_day"
    cap: Decimal
    counted: Decimal  # spent, and reserved by calls under way or held

    @property
    def left(self) -> Decimal:
        """What may still be spent."""
        return self.cap - self.counted


def period(name: str, moment: float, timezone: str) -> tuple[float, float]:
    """Start and end, in Unix time, of the day ("per_day") or month ("per_month") that a moment falls in."""
    zone = ZoneInfo(timezone)
    start = datetime.fromtimestamp(moment, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if name == "per_day":
        end = start + timedelta(days=1)
    else:
        start = start.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)
    return start.timestamp(), end.timestamp()


def periods(name: str, moment: float, timezone: str) -> set[tuple[float, float]]:
    """Every period that a moment may fall in, given clocks that may be an hour wrong."""
    return {period(name, moment + shift, timezone) for shift in (-SLACK, 0, SLACK)}


class Budget:
    """The caps over a ledger."""

    def __init__(self, ledger: Ledger, caps: Caps) -> None:
        self.ledger = ledger
        self.caps = caps

    def entries(self, but: Id | None = None) -> list[Entry]:
        """All money that counts, but for one attempt.

        Raises:
            HeldError: the ledger cannot be read, or is in another currency than the caps.
        """
        found: dict[Id, Attempt] = {}
        for each in self.ledger.turns():
            found[each["key"], each["attempt"]] = Attempt(each["key"], each["attempt"], (each,))
        found.update(self.ledger.attempts())
        heads = self.ledger.heads()
        sealed = self.ledger.sealed()
        entries = [_entry(each) for who, each in found.items() if who != but and records.ident(*who) not in sealed]
        for head in list(heads.values()):
            self._same(head["currency"])
            entries += [
                Entry(start, QUARTER, provider, character, Decimal(amount))
                for start, provider, character, amount in head["totals"]
            ]
        for each in found.values():
            self._same(each.first["currency"])
        return entries

    def _same(self, currency: str) -> None:
        if currency != self.caps.currency:
            raise RequestError(
                f"budget.currency: the ledger counts in {currency} (found {self.caps.currency}). "
                f"Set `currency: {currency}`, or begin another ledger."
            )

    def standing(self, now: float | None = None) -> list[Standing]:
        """How each cap of a day or a month stands now."""
        now = time.time() if now is None else now
        entries = self.entries()
        found = []
        for setting, cap, provider, character in self.caps.every():
            for name in ("per_day", "per_month"):
                limit = getattr(cap, name)
                if limit is not None:
                    counted = max(_sum(entries, span, provider, character) for span in periods(name, now, self.caps.timezone))
                    found.append(Standing(f"{setting}.{name}", limit, counted))
        return found

    def check(self, provider: str, character: str, cost: Decimal, entries: Iterable[Entry], now: float) -> None:
        """Raises BudgetError: with that cost, a cap would be passed; it says which, and by how much."""
        entries = list(entries)
        for setting, cap, of_provider, of_character in self.caps.of_call(provider, character):
            if cap.per_call is not None and cost > cap.per_call:
                raise self._over(f"{setting}.per_call", cap.per_call, Decimal(0), cost)
            for name in ("per_day", "per_month"):
                limit = getattr(cap, name)
                if limit is None:
                    continue
                for span in periods(name, now, self.caps.timezone):
                    counted = _sum(entries, span, of_provider, of_character)
                    if counted + cost > limit:
                        raise self._over(f"{setting}.{name}", limit, counted, cost)

    def _over(self, setting: str, limit: Decimal, counted: Decimal, cost: Decimal) -> BudgetError:
        unit = self.caps.currency
        so_far = f" on top of {counted} {unit} spent or reserved" if counted else ""
        wait = "." if setting.endswith(".per_call") else ", or wait until the period is over."
        return BudgetError(
            f"{setting}: the cap of {limit} {unit} would be passed by {counted + cost - limit} {unit} (this call costs up to "
            f"{cost} {unit}{so_far}). Nothing was submitted. Raise {setting} in config.yaml{wait}"
        )

    def allows(self, call: Call, but: Id | None, cost: Decimal) -> None:
        """Raises BudgetError: a call of that cost would pass a cap now. Reserves nothing."""
        self.check(call.provider, call.label.get("character", ""), cost, self.entries(but), time.time())

    def reserve(self, call: Call, key: str, number: int, cost: Cost, **fields: Any) -> Attempt:
        """Count a call at its worst, if every cap allows it; on disk when this returns.

        Raises:
            BudgetError: a cap would be passed.
            HeldError: the ledger cannot be relied on.
        """
        self.ledger.stop_if_damaged()
        character = call.label.get("character", "")
        pause = 0.001
        while True:
            folder, last = self.ledger.turn()
            new = records.record(
                key,
                number,
                0,
                "reserved",
                provider=call.provider,
                operation=call.operation,
                model=call.model,
                amount=str(call.amount),
                exact=call.exact,
                lasts=call.lasts,
                worst=str(cost.worst),
                expected=str(cost.expected),
                currency=self.caps.currency,
                price=cost.row,
                label=dict(call.label),
                **fields,
            )
            self.check(call.provider, character, cost.worst, self.entries((key, number)), new["at"])
            if self.ledger.take(folder, last + 1, new):
                # Where two machines reserved the same call, both hold the one whose record came first.
                return self.ledger.attempt(key, number)
            time.sleep(pause)
            pause = min(pause * 2, 0.05)


def _entry(attempt: Attempt) -> Entry:
    first = attempt.first
    return Entry(attempt.at, 0, first["provider"], first["label"].get("character", ""), attempt.counts)


def _sum(entries: Iterable[Entry], span: tuple[float, float], provider: str, character: str) -> Decimal:
    start, end = span[0] - SLACK, span[1] + SLACK
    return sum(
        (
            entry.amount
            for entry in entries
            if entry.start + entry.length >= start
            and entry.start < end
            and provider in ("", entry.provider)
            and character in ("", entry.character)
        ),
        Decimal(0),
    )
