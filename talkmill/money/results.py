"""What the steps of a purchase share: asking, waiting, slots; and how its results come into the store."""

from __future__ import annotations

import contextlib
import random
import sys
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from talkmill.errors import HeldError, NotAccepted, ProviderError, Refused
from talkmill.model.calls import Call, Done, Failed, Pending, Task
from talkmill.money.points import point
from talkmill.money.records import Attempt
from talkmill.money.terms import held_error
from talkmill.store.digests import canonical
from talkmill.store.making import Making
from talkmill.store.objects import write_file

if TYPE_CHECKING:
    from talkmill.money.buy import Buyer

T = TypeVar("T")


class Way:
    """A call on its way: what its steps share."""

    def __init__(
        self, buyer: Buyer, call: Call, files: Mapping[str, Path], workdir: Path, anew: bool, held: contextlib.ExitStack
    ) -> None:
        self.buyer = buyer
        self.call = call
        self.files = files
        self.workdir = workdir
        self.anew = anew
        self.held = held  # the slot
        self.settings = buyer.settings
        self.store = buyer.store
        self.ledger = buyer.ledger
        self.provider = buyer.providers[call.provider]
        self.end = time.monotonic() + self.settings.deadline
        self.failures = 0  # of attempts, in this run
        self.sent = 0  # submits of this run
        self.waits = 0
        self.in_slot = False
        self.prepared = False  # whether `call.before` has been called
        self.done: Done | None = None
        self._folders = 0
        self.run_of = {"run": self.settings.run} if self.settings.run else {}  # which run a charge is counted for

    def say(self, attempt: Attempt, what: str) -> None:
        """One line for the log."""
        sys.stderr.write(f"{attempt.title}: {what}\n")  # in one piece: several purchases may say something at once
        sys.stderr.flush()

    def folder(self) -> Path:
        """An empty folder."""
        self._folders += 1
        path = self.workdir / str(self._folders)
        path.mkdir()
        return path

    def pause(self, least: float | None = None, most: float | None = None) -> bool:
        """Wait a while, longer each time; False: the deadline would pass."""
        top = min(self.settings.last_wait, self.settings.first_wait * 1.5**self.waits, most or self.settings.last_wait)
        self.waits += 1
        seconds = max(random.uniform(top / 2, top), least or 0)  # noqa: S311 - no secret
        if time.monotonic() + seconds > self.end:
            return False
        time.sleep(seconds)
        return True

    def ask(self, attempt: Attempt, question: Callable[[], T]) -> T:
        """Ask the provider something that costs nothing, again where it gave no answer.

        Raises:
            ProviderError: no answer before the deadline, or the account is shut; the task stays as it is.
            HeldError: the provider does not know what we ask for.
        """
        while True:
            try:
                return question()
            except NotAccepted as error:
                if not self.pause(error.wait):
                    raise ProviderError(
                        f"{attempt.title}: the provider does not answer ({error}). Run again later: it goes on from here."
                    ) from None
            except Refused as error:
                raise self.hold(attempt, f"asked for it, the provider refused: {error}") from None

    def hold(self, attempt: Attempt, reason: str) -> HeldError:
        """Leave it to a person; gives the error to raise."""
        if attempt.over:
            return HeldError(
                f"{attempt.title}: was paid for, its files are gone from the store, and they cannot be fetched again "
                f"({reason}). To pay for it once more, run with TALKMILL_REBUY={attempt.key[:12]}."
            )
        return held_error(self.ledger.append(attempt, "held", reason=reason))

    @property
    def account(self) -> tuple[str, str]:
        """The provider, and the name of the account there."""
        return self.call.provider, self.settings.account_of(self.call.provider)

    def enter(self) -> None:
        """Take a slot, unless this purchase has one.

        Raises:
            AccountError: submissions are stopped.
        """
        self.buyer.breaker.check(*self.account)
        if not self.in_slot:
            limit = (self.settings.concurrency or {}).get(self.call.provider, 4)
            left = max(0.0, self.end - time.monotonic())
            self.held.enter_context(self.buyer.slots.hold(*self.account, limit, left))
            self.in_slot = True
            self.buyer.breaker.check(*self.account)

    def leave(self) -> None:
        """Let the slot go."""
        self.held.close()
        self.in_slot = False

    # --- results -----------------------------------------------------------------------------------

    def collect(self, attempt: Attempt) -> Attempt:
        """Fetch the results."""
        files, done = self.fetch(attempt)
        return self.keep(attempt, files, done.facts, done.charged, done.currency, None)

    def fetch(self, attempt: Attempt) -> tuple[Mapping[str, Path], Done]:
        """The results of a task that is done, from addresses asked for anew where those that we have do not work."""
        task = attempt.task
        if task is None:
            raise self.hold(attempt, "its task is not known")
        missed = 0
        while True:
            done, self.done = self.done, None
            done = done or self.ask(attempt, lambda: self.provider.poll(self.call, task))
            reason = "it is at work again"
            if isinstance(done, Failed):
                raise self.hold(attempt, f"it was done and has failed since: {done.reason}")
            if not isinstance(done, Pending):
                try:
                    files = self.provider.fetch(self.call, done, self.folder())
                except NotAccepted as error:  # the provider itself has fetched it several times by now
                    reason, missed = str(error), missed + 1
                except Refused as error:
                    raise self.hold(attempt, f"what it gave cannot be used: {error}") from None
                else:
                    point("fetched")
                    return files, done
            if missed >= self.settings.fetches or not self.pause():
                raise ProviderError(
                    f"{attempt.title}: is done and paid for, but cannot be fetched ({reason}). "
                    "Run again later: it is fetched then."
                )

    def add(self, attempt: Attempt, files: Mapping[str, Path]) -> dict[str, str]:
        """Take results into the store; gives content digests by role."""
        for role, path in files.items():
            if not path.is_file() or path.stat().st_size == 0:
                raise self.hold(attempt, f"what it gave is empty: {role}")
        if not files:
            raise self.hold(attempt, "it gave no files")
        names = {role: self.store.add(path) for role, path in files.items()}
        point("stored")
        return names

    def keep(
        self,
        attempt: Attempt,
        files: Mapping[str, Path],
        facts: Mapping[str, Any],
        charged: Decimal | None,
        currency: str,
        task: Task | None,
    ) -> Attempt:
        """Take the results into the store, and write that down."""
        names = self.add(attempt, files)
        fields: dict[str, Any] = {} if charged is None else {"billed": [str(charged), currency]}
        if task:
            fields["task"] = {"id": task.id, "refs": dict(task.refs)}
        attempt = self.ledger.append(attempt, "downloaded", files=names, facts=dict(facts), **fields)
        point("download written")
        self.leave()
        return attempt

    def present(self, attempt: Attempt) -> tuple[Mapping[str, str], Mapping[str, Any]]:
        """Digests by role and facts of what was bought, fetched again where the store has lost it."""
        kept = attempt.downloaded
        if kept and all(self.store.has(name) for name in kept["files"].values()):
            return kept["files"], kept["facts"]
        self.say(attempt, "the store has lost it; it is fetched again")
        files, done = self.fetch(attempt)
        return self.add(attempt, files), dict(done.facts)

    def record(self, attempt: Attempt, kept: tuple[Mapping[str, str], Mapping[str, Any]]) -> None:
        """Write the store's record of the making."""
        call = self.call
        request = {
            "provider": call.provider,
            "operation": call.operation,
            "model": call.model,
            "body": dict(call.body),
            "inputs": dict(call.inputs),
        }
        making = Making(call.key, kept[0], kept[1]).to_json()
        data = {"request": request, "making": making, "bought": attempt.at, "attempt": attempt.number}
        write_file(self.store.record(call.key), canonical(data))
        point("making written")

    def publish(self, attempt: Attempt) -> Attempt:
        """Let everyone find it in the store."""
        self.record(attempt, self.present(attempt))
        attempt = self.ledger.append(attempt, "published")
        point("publication written")
        return attempt
