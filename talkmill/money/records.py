"""Records of the ledger: what is written, and how older ones are read.

A record is one JSON object in one file, `<key>.<attempt>.<number>.json`, and is never changed. Its fields:

    schema, key, attempt, seq      its name once more; seq counts the records of one attempt from 0
    state                          see STATES
    at, utc                        Unix time by the writer's clock, and the same for people
    owner                          who wrote it: host, machine, pid, born

and those of its state. Money is text of a decimal number in `currency`, that of the caps. Fields that are not known here are
kept.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from talkmill.model.calls import Task
from talkmill.money.files import owner

SCHEMA = 2
"""Raised when the meaning of a field changes; `UPGRADES` then says how an older record is read."""

STATES = (
    "reserved",  # counted against the caps at its worst; nothing has been sent
    "intent",  # it is going to be sent now: from here on it may have been billed
    "submitted",  # the provider's task is known
    "succeeded",  # the provider says that it is done
    "downloaded",  # the objects are in the store
    "published",  # the store's record of the making is written
    "settled",  # the real amount is counted
    "failed_refunded",  # over, and it cost nothing
    "failed_charged",  # over, and it cost something
    "held",  # a person has to say what became of it
)
OVER = ("settled", "failed_refunded", "failed_charged")
NAME = re.compile(r"(?P<key>[0-9a-f]{64})\.(?P<attempt>\d{3,})\.(?P<seq>\d{2,})\.json")

QUERY = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']+")
"""What follows the question mark in an address may be a signature that opens it; it is not kept."""


def name(key: str, attempt: int, seq: int) -> str:
    """Name of a record's file."""
    return f"{key}.{attempt:03}.{seq:02}.json"


def ident(key: str, attempt: int) -> bytes:
    """Name of an attempt."""
    return f"{key}.{attempt:03}".encode()


def record(key: str, attempt: int, seq: int, state: str, **fields: Any) -> dict[str, Any]:
    """A record written now by this process."""
    now = time.time()
    if "reason" in fields:
        fields["reason"] = QUERY.sub(r"\1?...", str(fields["reason"]))
    return {
        "schema": SCHEMA,
        "key": key,
        "attempt": attempt,
        "seq": seq,
        "state": state,
        "at": round(now, 3),
        "utc": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "owner": owner(),
        **fields,
    }


def encode(data: Mapping[str, Any]) -> bytes:
    """As it lies on disk."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, allow_nan=False).encode() + b"\n"


class Newer(ValueError):
    """Written by a newer Talkmill: whole, but not to be understood here."""


def decode(data: bytes) -> dict[str, Any]:
    """Read a record of this or an older schema.

    Raises:
        Newer: it is of a newer schema.
        ValueError: it is no record.
    """
    found = json.loads(data)
    if not isinstance(found, dict) or not isinstance(found.get("schema"), int):
        raise ValueError("no record of the ledger")
    if found["schema"] > SCHEMA:
        raise Newer(f"schema {found['schema']}")
    while found["schema"] < SCHEMA:
        found = UPGRADES[found["schema"]](found)
    check(found)
    return found


def check(found: Mapping[str, Any]) -> None:
    """Refuse what later code could not rely on.

    Raises:
        ValueError: says what is wrong.
    """
    try:
        good = (
            re.fullmatch(r"[0-9a-f]{64}", found["key"])
            and isinstance(found["attempt"], int)
            and isinstance(found["seq"], int)
            and found["state"] in STATES
            and isinstance(found["at"], int | float)
            and isinstance(found["owner"], dict)
        )
        if good and found["seq"] == 0:
            good = all(isinstance(found[field], str) for field in ("provider", "operation", "model", "currency"))
            good = good and isinstance(found["label"], dict) and Decimal(found["worst"]) >= 0
        if good and found["state"] in ("settled", "failed_charged"):
            good = Decimal(found["charged"]) >= 0
        if good and found["state"] in ("submitted",):
            good = isinstance(found["task"], dict) and isinstance(found["task"]["id"], str)
    except (KeyError, TypeError, InvalidOperation) as error:
        raise ValueError(f"a field is missing or of a wrong kind ({error})") from None
    if not good:
        raise ValueError("a field has a value that it cannot have")


def _from_1(old: Mapping[str, Any]) -> dict[str, Any]:
    """Schema 1 wrote money as numbers, always in USD, under `cost`, and the writer as `host` and `pid`."""
    new = dict(old)
    new["schema"] = 2
    cost = new.pop("cost", None)
    if cost is not None:
        new["worst" if new.get("seq") == 0 else "charged"] = str(Decimal(str(cost)))
    if new.get("seq") == 0:
        new.setdefault("currency", "USD")
        new.setdefault("label", {})
        new.setdefault("expected", new.get("worst"))
    new.setdefault("owner", {"host": new.pop("host", ""), "pid": new.pop("pid", 0), "machine": "", "born": ""})
    return new


UPGRADES = {1: _from_1}


@dataclass(frozen=True)
class Attempt:
    """One try to buy one call: its records in their order, the first of which made the reservation."""

    key: str
    number: int
    records: tuple[Mapping[str, Any], ...]

    @property
    def first(self) -> Mapping[str, Any]:
        """The reservation."""
        return self.records[0]

    @property
    def last(self) -> Mapping[str, Any]:
        """How things stand."""
        return self.records[-1]

    @property
    def state(self) -> str:
        """State of the last record."""
        return self.last["state"]

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in OVER

    @property
    def at(self) -> float:
        """When it was reserved, Unix time: the day and month that it counts for."""
        return float(self.first["at"])

    @property
    def worst(self) -> Decimal:
        """What it may cost at most, in the currency of the caps."""
        return Decimal(self.first["worst"])

    @property
    def counts(self) -> Decimal:
        """What it counts against the caps now."""
        if self.state == "failed_refunded":
            return Decimal(0)
        return Decimal(self.last["charged"]) if self.over else self.worst

    @property
    def task(self) -> Task | None:
        """The provider's task, where it was ever known."""
        for found in reversed(self.records):
            if found.get("task"):
                return Task(found["task"]["id"], found["task"].get("refs", {}))
        return None

    @property
    def downloaded(self) -> Mapping[str, Any] | None:
        """The record that names the objects: `files` (role to content digest) and `facts`."""
        return next((found for found in reversed(self.records) if found["state"] == "downloaded"), None)

    @property
    def handle(self) -> str:
        """Our name for it, as the provider is given it: at most 64 of [A-Za-z0-9-].

        An attempt that was sent and never arrived hands it on, so that a request still on its way cannot be taken twice.
        """
        return self.first.get("handle") or f"tm-{self.key[:48]}-{self.number}"

    @property
    def label(self) -> Mapping[str, str]:
        """For people: episode, language, character, stage, making."""
        return self.first["label"]

    @property
    def title(self) -> str:
        """How messages name it."""
        what = "/".join(filter(None, (self.first["provider"], self.first["operation"], self.first["model"])))
        where = " ".join(self.label[part] for part in ("episode", "language", "character") if self.label.get(part))
        making = self.label.get("making", "")
        if making:  # people count lines from 1
            where += f" line {int(making) + 1}" if making.isdecimal() else f" {making}"
        return f"{what} {self.key[:12]}" + (f" for {where}" if where else "")
