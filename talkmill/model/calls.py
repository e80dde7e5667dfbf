"""Paid calls: what is sent to a provider and what comes back. Types only: `money` calls, `providers` speak the protocols."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol


@dataclass(frozen=True)
class Call:
    """One paid request, as it is sent.

    The key is over what decides the result: provider, operation, model, body and the contents of what is sent along. Handles,
    addresses, keys and our adapter's version are not in it, nor is anything below `inputs` here.
    """

    provider: str  # "kling"
    operation: str  # the provider's product, as prices name it: "lip-sync", "text-to-speech"
    model: str  # the model's id as the provider writes it; "" where there is no choice
    body: Mapping[str, Any]  # plain JSON, without handles, addresses and media
    inputs: Mapping[str, str] = field(default_factory=dict)  # role -> digest of what is sent along, see `Buy`
    amount: Decimal = Decimal(1)  # how much of the price's unit, before it is rounded up to the billing step
    exact: bool = True  # False: the amount is a guess, since what it depends on has not been made
    lasts: int | None = None  # seconds for which the result is of use (a session); None: for good
    label: Mapping[str, str] = field(default_factory=dict)  # episode, language, character, stage, making: for people
    before: Callable[[], Mapping[str, Any]] | None = field(default=None, compare=False, repr=False)
    """What must be bought first for it to be submitted (a session): called only when this call is going to be, before
    anything is reserved or claimed for it; what it gives becomes `context`. Not in the key."""
    context: Mapping[str, Any] = field(default_factory=dict, compare=False)  # what `before` gave: for `submit`, not in the key

    @property
    def key(self) -> str:
        """SHA-256 over the request as sent."""
        sent = [self.provider, self.operation, self.model, dict(self.body), dict(self.inputs)]
        return hashlib.sha256(json.dumps(sent, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()

    @property
    def price(self) -> str:
        """Name of its row in the price table: `provider/operation` or `provider/operation/model`."""
        return "/".join(filter(None, (self.provider, self.operation, self.model)))


@dataclass(frozen=True)
class Task:
    """What a provider is doing for us."""

    id: str
    refs: Mapping[str, str] = field(default_factory=dict)  # addresses to ask at, where the provider names them


@dataclass(frozen=True)
class Listed:
    """A task in a provider's own list."""

    task: str  # its id
    handle: str  # our name for it; "": it has none of ours
    operation: str  # the provider's product, as people know it
    at: float  # Unix time at which it was made


@dataclass(frozen=True)
class Pending:
    """It is still at work."""

    note: str = ""


@dataclass(frozen=True)
class Done:
    """The result can be fetched."""

    results: Mapping[str, str]  # role -> address
    expires: float | None = None  # Unix time at which the addresses stop to work
    charged: Decimal | None = None  # what the provider says it took, in `currency`; None: it does not say
    currency: str = "USD"
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """The provider gave up on it."""

    reason: str
    charged: bool | None = False  # None: it does not say
    again: bool = False  # whether the same request may go well another time


@dataclass(frozen=True)
class Answer:
    """The result of a call that answers at once."""

    files: Mapping[str, Path]  # role -> file in the folder that `submit` was given
    task: Task | None = None
    charged: Decimal | None = None
    currency: str = "USD"
    facts: Mapping[str, Any] = field(default_factory=dict)


class Provider(Protocol):
    """A provider's protocol. It keeps no state between calls and repeats no submit by itself.

    `submit` raises, and nothing else: `NotAccepted` (certainly not taken, may be sent again), `Refused` (this request will
    never be taken), `AccountError` (no request of this account is taken), `Duplicate` (the handle is in use: ask `find`),
    `OutcomeUnknown` (it was sent, and no answer says what became of it). `find`, `poll` and `fetch` may raise
    `NotAccepted` (ask again later), `AccountError` and `Refused`.
    """

    name: ClassVar[str]
    handles: ClassVar[Literal["unique", "lookup", "none"]]
    """unique: it refuses a second submit under one handle, and can be asked for it; lookup: it can be asked, but refuses
    nothing; none: it cannot be asked what became of a call whose answer was lost."""
    handles_of: ClassVar[Mapping[str, Literal["unique", "lookup", "none"]]]  # operations for which `handles` differs
    visible: ClassVar[float]  # seconds after which `find` sees a call that was taken, for certain

    def submit(self, call: Call, files: Mapping[str, Path], handle: str, workdir: Path) -> Task | Answer:
        """Send the request; `files` by role, `handle` is our name for this attempt (at most 64 of [A-Za-z0-9-])."""
        ...

    def find(self, call: Call, handle: str) -> Task | None:
        """The task under that handle; None: there is none. Only where `handles` is not "none"."""
        ...

    def poll(self, call: Call, task: Task) -> Pending | Done | Failed:
        """What became of a task."""
        ...

    def fetch(self, call: Call, done: Done, workdir: Path) -> Mapping[str, Path]:
        """Download the results into `workdir`, checked to be the kind of media they should be; by role."""
        ...


@dataclass(frozen=True)
class Bought:
    """The raw result of a paid call, from the store or bought now."""

    key: str
    files: Mapping[str, Path]  # role -> object in the store, read-only
    digests: Mapping[str, str]  # role -> content digest
    facts: Mapping[str, Any]


class Files(Mapping[str, Path]):
    """Files that are sent along, by role, each made when it is first asked for: what is named in `Call.inputs` is only asked
    for when it is really sent, not for a quote, nor where the store has the result."""

    _making = threading.RLock()  # several calls of a job are bought at once, and files are made one at a time

    def __init__(self, made: Mapping[str, Callable[[], Path]]) -> None:
        self._made = dict(made)
        self._paths: dict[str, Path] = {}

    def __getitem__(self, role: str) -> Path:
        with self._making:
            if role not in self._paths:
                self._paths[role] = self._made[role]()
            return self._paths[role]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


Buy = Callable[[Call, Mapping[str, Path]], Bought]
"""The one way to a provider: a call and the files that are sent along.

`Call.inputs` are filled in from the files, but for the roles that the backend has set. With those it promises that the digest
stands for everything that decides what the file holds for the provider (its pictures, their order, size and rate, and the
way of packing them), so that two files of one digest are worth the same: only then may other bytes be sent under it.
"""


def buy_all(buy: Buy, wanted: Sequence[tuple[Call, Mapping[str, Path]]]) -> list[Bought]:
    """Several calls that do not need each other's results, at once where `buy` can (it has `all`); results in their order."""
    at_once: Callable[[Sequence[tuple[Call, Mapping[str, Path]]]], list[Bought]] | None = getattr(buy, "all", None)
    return at_once(wanted) if at_once else [buy(call, files) for call, files in wanted]
