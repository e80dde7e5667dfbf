"""Prices: dated data, rounded up to the step in which the provider bills, in the currency of the caps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from importlib import resources
from typing import Any

from talkmill.errors import RequestError
from talkmill.model.calls import Call

GUESS = Decimal("1.5")
"""How much more of the unit than guessed is reserved where the amount is not known exactly."""


@dataclass(frozen=True)
class Cost:
    """What a call costs, in the currency of the caps."""

    expected: Decimal
    worst: Decimal
    row: str  # row of the price table
    exact: bool


@dataclass(frozen=True)
class Price:
    """A row of the price table."""

    row: str
    unit: str  # second, character, image, call, megapixel
    price: Decimal  # of one unit
    currency: str  # a currency, or a provider's unit that `rates` turns into one
    step: Decimal  # amounts are billed in multiples of it
    least: Decimal  # the smallest amount that is billed
    flat: tuple[Decimal, Decimal] | None  # (amount, price): up to that amount it costs that price
    source: str
    as_of: str
    certain: bool

    def of(self, amount: Decimal) -> Decimal:
        """Price of an amount of the unit, in the row's own currency, the amount rounded up to the billing step."""
        amount = max(amount, self.least)
        steps = (amount / self.step).to_integral_value(ROUND_CEILING)
        billed = steps * self.step
        if self.flat:
            included, base = self.flat
            return base + max(billed - included, Decimal(0)) * self.price
        return billed * self.price


class Prices:
    """The price table: the one that comes with Talkmill, under the user's own rows."""

    def __init__(self, rows: Mapping[str, Price], rates: Mapping[str, tuple[str, Decimal]], currency: str) -> None:
        self.rows = rows
        self.rates = rates
        self.currency = currency

    @classmethod
    def of(cls, own: Mapping[str, Any] | None = None, currency: str = "USD") -> Prices:
        """The table that comes with Talkmill, with the user's rows and rates (`{"rows": ..., "rates": ...}`) over it.

        Raises:
            RequestError: a row of the user's is no price; it is named.
        """
        import yaml

        shipped = yaml.safe_load(resources.files("talkmill.money").joinpath("prices.yaml").read_text(encoding="utf-8"))
        own = own or {}
        rows = {**shipped["rows"], **(own.get("rows") or {})}
        rates = {**shipped["rates"], **(own.get("rates") or {})}
        read = {}
        for name, row in rows.items():
            where = f"prices.rows.{name}"
            if not isinstance(row, Mapping):
                raise RequestError(f"{where}: is no price (found {row!r}). Give unit, price, currency, source and as_of.")
            flat = row.get("flat")
            read[name] = Price(
                name,
                str(row.get("unit", "call")),
                _number(row.get("price"), f"{where}.price"),
                str(row.get("currency", "USD")),
                _number(row.get("step", 1), f"{where}.step", above=True),
                _number(row.get("least", 0), f"{where}.least"),
                (_number(flat["amount"], f"{where}.flat.amount"), _number(flat["price"], f"{where}.flat.price"))
                if flat
                else None,
                str(row.get("source", "")),
                str(row.get("as_of", "")),
                bool(row.get("certain", True)),
            )
        table = {
            name: (str(rate.get("per", "USD")), _number(rate.get("rate"), f"prices.rates.{name}.rate", above=True))
            for name, rate in rates.items()
        }
        return cls(read, table, currency)

    def row(self, call: Call) -> Price:
        """The row of a call: that of its model, else that of its operation.

        Raises:
            RequestError: there is none, so what it costs is not known.
        """
        for name in (call.price, f"{call.provider}/{call.operation}"):
            if name in self.rows:
                return self.rows[name]
        raise RequestError(
            f"prices: there is no price for {call.price}, so it is not bought. "
            f"Add a row `{call.price}` under `prices.rows` in config.yaml."
        )

    def cost(self, call: Call) -> Cost:
        """What a call costs: as expected, and at the worst.

        Raises:
            RequestError: there is no price or no rate for it.
        """
        row = self.row(call)
        expected = self.convert(row.of(call.amount), row.currency)
        worst = expected if call.exact else self.convert(row.of(call.amount * GUESS), row.currency)
        return Cost(expected, worst, row.row, call.exact)

    def convert(self, amount: Decimal, currency: str) -> Decimal:
        """An amount in the currency of the caps.

        Raises:
            RequestError: there is no rate between the two.
        """
        seen = set()
        while currency != self.currency:
            if currency in self.rates and currency not in seen:
                seen.add(currency)
                currency, amount = self.rates[currency][0], amount * self.rates[currency][1]
                continue
            back = self.rates.get(self.currency)
            if back and back[0] == currency:
                return (amount / back[1]).quantize(Decimal("0.000001"), ROUND_CEILING)
            raise RequestError(
                f"prices.rates: there is no rate from {currency} to {self.currency}. "
                f"Add `{currency}: {{per: {self.currency}, rate: ...}}` under `prices.rates` in config.yaml."
            )
        return amount


def _number(value: Any, where: str, above: bool = False) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0 or (above and number == 0):
        raise RequestError(f"{where}: is no number that can be used here (found {value!r}). Give a number such as 0.07.")
    return number
