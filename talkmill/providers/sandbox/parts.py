"""What every stand-in shares: a clock that can run fast, a bill, and faults on demand."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


class Clock:
    """The provider's time, in Unix seconds; one of its seconds lasts `scale` of ours. `skew` seconds wrong, to try that."""

    def __init__(self, scale: float = 1.0, skew: float = 0) -> None:
        self.scale, self.skew = scale, skew
        self._start, self._since = time.time(), time.monotonic()

    def now(self) -> float:
        """Its Unix time, for the age of tasks."""
        return self._start + (time.monotonic() - self._since) / max(self.scale, 1e-9)

    def today(self) -> float:
        """The time of day that it compares with tokens: real, apart from `skew`."""
        return time.time() + self.skew

    def sleep(self, seconds: float) -> None:
        """Wait for that long of its time."""
        time.sleep(seconds * self.scale)


@dataclass(frozen=True)
class Charge:
    """One line of the bill."""

    service: str
    product: str
    quantity: Decimal  # in the price's unit, after rounding up to the billing step
    amount: Decimal
    currency: str
    task: str


class Bill:
    """What the sandbox would have charged."""

    def __init__(self) -> None:
        self._lines: list[Charge] = []
        self._lock = threading.Lock()

    def add(
        self, service: str, product: str, quantity: Decimal | int, amount: Decimal, *, task: str = "", currency: str = "USD"
    ) -> Charge:
        """Charge something."""
        line = Charge(service, product, Decimal(quantity), amount, currency, task)
        with self._lock:
            self._lines.append(line)
        return line

    def lines(self, service: str | None = None) -> list[Charge]:
        """All that was charged, in order."""
        with self._lock:
            return [line for line in self._lines if service in (None, line.service)]

    def total(self, service: str | None = None) -> Decimal:
        """Their sum."""
        return sum((line.amount for line in self.lines(service)), Decimal(0))

    def count(self, service: str | None = None) -> Counter[str]:
        """How often each product was charged."""
        return Counter(line.product for line in self.lines(service))

    def to_json(self, service: str | None = None) -> dict[str, Any]:
        """As `/bill` shows it."""
        lines = self.lines(service)
        products: dict[str, dict[str, Any]] = {}
        for line in lines:
            empty = {"calls": 0, "quantity": Decimal(0), "amount": Decimal(0)}
            row = products.setdefault(f"{line.service}/{line.product}", empty)
            row["calls"] += 1
            row["quantity"] += line.quantity
            row["amount"] += line.amount
        return {
            "total": str(self.total(service)),
            "products": {name: {key: _plain(value) for key, value in row.items()} for name, row in products.items()},
            "charges": [
                {
                    "service": line.service, "product": line.product, "quantity": str(line.quantity),
                    "amount": str(line.amount), "currency": line.currency, "task": line.task,
                }
                for line in lines
            ],
        }  # fmt: skip


class Faults:
    """What should go wrong: names that a service knows, each for so many times and, where wanted, at one place only."""

    def __init__(self) -> None:
        self._planned: list[list[Any]] = []
        self._lock = threading.Lock()

    def add(self, name: str, times: int = 1, where: str = "") -> None:
        """Plan a fault for the next `times` requests whose place contains `where`."""
        with self._lock:
            self._planned.append([name, times, where])

    def take(self, where: str, among: tuple[str, ...]) -> str | None:
        """The next planned fault of those `among` for this place, counted off; None: nothing goes wrong."""
        with self._lock:
            for entry in self._planned:
                if entry[1] > 0 and entry[0] in among and entry[2] in where:
                    entry[1] -= 1
                    return entry[0]
        return None

    def clear(self) -> None:
        """Forget all that is planned."""
        with self._lock:
            self._planned.clear()


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
