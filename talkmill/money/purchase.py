"""One purchase: a call's way from its reservation to its result, a step for each state that the ledger knows."""

from __future__ import annotations

import contextlib
import json
import random
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from talkmill.errors import (
    AccountError,
    Duplicate,
    HeldError,
    NotAccepted,
    OutcomeUnknown,
    ProviderError,
    Refused,
    RequestError,
    StoreError,
)
from talkmill.model.calls import Answer, Bought, Call, Done, Failed, Pending, Task
from talkmill.money import files as disk
from talkmill.money import records
from talkmill.money.ledger import Taken
from talkmill.money.points import point
from talkmill.money.records import Attempt
from talkmill.store.digests import canonical
from talkmill.store.making import Making, lookup
from talkmill.store.objects import Store, write_file

if TYPE_CHECKING:
    from talkmill.money.buy import Buyer

CLOCKS = 3600
"""Seconds by which the clock may be wrong when the age of a session is told."""

SOON = 60.0
"""Seconds within which a submit begins after its intent; later, another machine might soon think us gone."""

KEPT = 1800.0
"""Seconds for which a reservation is good: what is sent later counts for another day."""

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """How to buy. Times in seconds."""

    attempts: int = 3  # at one call in one run, where the provider says that another try may go well
    tries: int = 8  # submits of one call in one run that are not taken
    deadline: float = 3600  # for a call as a whole, waiting for a slot included
    first_wait: float = 1.0  # between polls at first, and after a submit that was not taken
    last_wait: float = 15.0  # between polls in the end
    takeover: float = 900.0  # after which an unanswered intent of another machine counts as left behind
    repeat_under: Decimal = Decimal(0)  # calls up to this cost are repeated once when nobody can say what became of them
    rebuy: Collection[str] = ()  # keys, or 12 or more of their first digits, that are bought anew; "all"
    concurrency: Mapping[str, int] | None = None  # provider -> calls in flight; not named: 4
    account: str = "default"  # slots and stops are per provider and account
    run: str = ""  # name of this run, for what stops submissions in all its processes; "": TALKMILL_RUN or this process

    def anew(self, key: str) -> bool:
        """Whether that call is to be bought again."""
        return any(name == "all" or (len(name) >= 12 and key.startswith(name)) for name in self.rebuy)


def found(store: Store, call: Call) -> Bought | None:
    """The result of a call in the store, if it is there and has not run out."""
    making = lookup(store, call.key)
    if not making:
        return None
    if call.lasts is not None:
        try:
            at = float(json.loads(store.record(call.key).read_bytes())["bought"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not fresh(at, call.lasts):
            return None
    return Bought(call.key, {role: store.object(name) for role, name in making.files.items()}, making.files, making.facts)


def fresh(at: float, lasts: int) -> bool:
    """Whether something bought then is still of use."""
    return -CLOCKS <= time.time() - at < lasts


def held_error(attempt: Attempt) -> HeldError:
    """What people are told of a held call."""
    reason = attempt.last.get("reason", "no reason kept")
    return HeldError(
        f"{attempt.title}: is held, since nobody can say what became of it ({reason}); {attempt.worst} "
        f"{attempt.first['currency']} stay reserved. Look at your account at {attempt.first['provider']}, then run "
        f"`talkmill reconcile {attempt.key[:12]} --charged`, or `--not-charged`; either way the next run buys it."
    )


class Purchase:
    """One call on its way, by one thread that holds the store's claim on its key."""

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
        self.begun = 0  # attempts that this run has begun
        self.sent = 0  # submits of this run
        self.waits = 0
        self.in_slot = False
        self.done: Done | None = None
        self._folders = 0

    def run(self) -> Bought:
        """Go on from where the ledger says that it stands, to the end."""
        steps = {
            "reserved": self.submit,
            "intent": self.doubt,
            "submitted": self.wait,
            "succeeded": self.collect,
            "downloaded": self.publish,
            "published": self.settle,
        }
        attempt = self.begin()
        while attempt.state != "settled":
            try:
                attempt = steps[attempt.state](attempt) if attempt.state in steps else self.begin()
            except Taken:  # by another machine, on the same call: go on from what it wrote
                attempt = self.ledger.attempt(attempt.key, attempt.number)
        self.buyer.renewed.add(self.call.key)
        bought = found(self.store, self.call)
        if bought is None:
            raise StoreError(f"{attempt.title}: was bought, and its files are gone again. Run the same command again.")
        return bought

    # --- helpers -----------------------------------------------------------------------------------

    def say(self, attempt: Attempt, what: str) -> None:
        """One line for the log."""
        print(f"{attempt.title}: {what}", file=sys.stderr, flush=True)

    def folder(self) -> Path:
        """An empty folder."""
        self._folders += 1
        path = self.workdir / str(self._folders)
        path.mkdir()
        return path

    def pause(self, least: float | None = None) -> bool:
        """Wait a while, longer each time; False: the deadline would pass."""
        top = min(self.settings.last_wait, self.settings.first_wait * 1.5**self.waits)
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
                f"({reason}). To pay for it once more, run with `--rebuy {attempt.key[:12]}`."
            )
        return held_error(self.ledger.append(attempt, "held", reason=reason))

    def enter(self) -> None:
        """Take a slot, unless this purchase has one.

        Raises:
            AccountError: submissions are stopped.
        """
        self.buyer.breaker.check(self.call.provider, self.settings.account)
        if not self.in_slot:
            limit = (self.settings.concurrency or {}).get(self.call.provider, 4)
            left = max(0.0, self.end - time.monotonic())
            self.held.enter_context(self.buyer.slots.hold(self.call.provider, self.settings.account, limit, left))
            self.in_slot = True
            self.buyer.breaker.check(self.call.provider, self.settings.account)

    def leave(self) -> None:
        """Let the slot go."""
        self.held.close()
        self.in_slot = False

    # --- the steps ---------------------------------------------------------------------------------

    def begin(self) -> Attempt:
        """The attempt to go on with, or a new one.

        Raises:
            HeldError: a person has to decide first.
        """
        history = self.ledger.history(self.call.key)
        if not history:
            return self.reserve(1)
        last = history[-1]
        if last.state == "held":
            raise held_error(last)
        if not last.over:
            return last
        anew, self.anew = self.anew, False
        if last.state == "settled":
            if anew or (self.call.lasts is not None and not fresh(last.at, self.call.lasts)):
                return self.reserve(last.number + 1)
            self.record(last, self.present(last))
            return last
        if last.state == "failed_charged" and not (anew or last.last.get("by") == "person" or last.last.get("double")):
            again = 0
            for each in reversed(history):
                if each.state != "failed_charged" or not each.last.get("again"):
                    break
                again += 1
            if not 0 < again < self.settings.attempts:
                raise HeldError(
                    f"{last.title}: the provider charged for it and gave nothing ({last.last.get('reason', '')}). "
                    f"To pay for another try, run with `--rebuy {last.key[:12]}`."
                )
        return self.reserve(last.number + 1, last.last.get("handle_again"), bool(last.last.get("double")))

    def reserve(self, number: int, handle: str | None = None, repeats: bool = False) -> Attempt:
        """Count a new attempt against the caps."""
        self.enter()
        fields: dict[str, Any] = {"handle": handle} if handle else {}
        if repeats:
            fields["repeats"] = True
        cost = self.buyer.prices.cost(self.call)
        attempt = self.buyer.budget.reserve(self.call, self.call.key, number, cost, **fields)
        self.begun += 1
        point("reserved")
        return attempt

    def submit(self, attempt: Attempt) -> Attempt:
        """Write down that it is going to be sent, and send it."""
        if not -KEPT < time.time() - attempt.at < KEPT:
            self.ledger.append(
                attempt, "failed_refunded", reason="reserved and never sent", handle_again=attempt.first.get("handle")
            )
            return self.begin()
        self.ledger.stop_if_damaged()
        self.enter()
        begun = _clock()
        handle = attempt.handle
        attempt = self.ledger.append(attempt, "intent", handle=handle)
        point("intent written")
        if _clock() - begun > SOON:
            return self.ledger.append(attempt, "reserved", reason="this machine slept before it was sent")
        self.sent += 1
        try:
            answer = self.provider.submit(self.call, self.files, handle, self.folder())
        except NotAccepted as error:
            return self.not_taken(attempt, error)
        except (Refused, AccountError) as error:
            self.ledger.append(attempt, "failed_refunded", reason=str(error))
            if isinstance(error, AccountError):
                self.buyer.breaker.trip(self.call.provider, self.settings.account, str(error))
            raise
        except Duplicate:
            return self.adopt(attempt)
        except OutcomeUnknown as error:
            return self.unanswered(attempt, str(error))
        point("sent")
        if isinstance(answer, Answer):
            return self.keep(attempt, answer.files, answer.facts, answer.charged, answer.currency, answer.task)
        return self.taken(attempt, answer)

    def not_taken(self, attempt: Attempt, error: NotAccepted) -> Attempt:
        """It may be sent again, after a while, but not for ever."""
        attempt = self.ledger.append(attempt, "reserved", reason=str(error))
        if self.sent >= self.settings.tries or not self.pause(error.wait):
            self.ledger.append(attempt, "failed_refunded", reason=str(error))
            raise ProviderError(
                f"{attempt.title}: was not taken in {self.sent} tries ({error}). Nothing was charged. Run again later."
            ) from None
        return attempt

    def taken(self, attempt: Attempt, task: Task, **fields: Any) -> Attempt:
        """Write down the task."""
        attempt = self.ledger.append(attempt, "submitted", task={"id": task.id, "refs": dict(task.refs)}, **fields)
        point("task written")
        self.waits = 0
        return attempt

    def adopt(self, attempt: Attempt) -> Attempt:
        """The handle is in use: the task is ours, from an earlier try."""
        for pause in (0.0, self.provider.visible):
            time.sleep(pause)
            task = self.ask(attempt, lambda: self.provider.find(self.call, attempt.handle))
            if task:
                return self.taken(attempt, task, adopted=True)
        raise self.hold(attempt, "the provider says that it has it, and does not find it")

    def doubt(self, attempt: Attempt) -> Attempt:
        """An intent without an answer, by an earlier run or another machine."""
        who = attempt.last["owner"]
        path = self.ledger.open / records.name(attempt.key, attempt.number, len(attempt.records) - 1)
        while not disk.mine(who):
            gone = disk.dead(who)
            if gone or (gone is None and disk.age(path) > self.settings.takeover):
                break
            if not self.pause():
                raise ProviderError(
                    f"{attempt.title}: is being bought on {who.get('host')} by process {who.get('pid')}. "
                    "Run again when that has ended; where that machine has died, in a quarter of an hour."
                )
            now = self.ledger.attempt(attempt.key, attempt.number)
            if len(now.records) != len(attempt.records):
                return now
        return self.unanswered(attempt, "the process that sent it ended before it had the answer")

    def unanswered(self, attempt: Attempt, reason: str) -> Attempt:
        """Find out whether it was taken, where that can be found out."""
        if self.provider.handles == "none":
            if attempt.worst > self.settings.repeat_under or attempt.first.get("repeats"):
                raise self.hold(attempt, reason)
            self.say(attempt, f"is repeated, and may be charged twice ({reason})")
            self.ledger.append(attempt, "failed_charged", charged=str(attempt.worst), double=True, reason=reason)
            return self.begin()
        time.sleep(self.provider.visible)  # by no clock that can be set
        task = self.ask(attempt, lambda: self.provider.find(self.call, attempt.handle))
        if task:
            return self.taken(attempt, task, adopted=True)
        self.ledger.append(attempt, "failed_refunded", reason=f"never arrived: {reason}", handle_again=attempt.handle)
        if self.sent >= self.settings.tries or not self.pause():
            raise ProviderError(
                f"{attempt.title}: did not arrive in {self.sent} tries ({reason}). Nothing was charged. Run again later."
            )
        return self.begin()

    def wait(self, attempt: Attempt) -> Attempt:
        """Ask until it is done."""
        task = attempt.task
        while True:
            result = self.ask(attempt, lambda: self.provider.poll(self.call, task))
            point("polled")
            if isinstance(result, Done):
                self.done = result
                bill = {} if result.charged is None else {"billed": [str(result.charged), result.currency]}
                attempt = self.ledger.append(attempt, "succeeded", **bill)
                point("success written")
                self.leave()
                self.waits = 0
                return attempt
            if isinstance(result, Failed):
                return self.failed(attempt, result)
            if not self.pause():
                raise ProviderError(
                    f"{attempt.title}: is not done after {self.settings.deadline:.0f} s (task {task.id}"
                    f"{': ' + result.note if result.note else ''}). It stays submitted: run again, and it goes on from there."
                )

    def failed(self, attempt: Attempt, result: Failed) -> Attempt:
        """The provider gave up on it."""
        self.leave()
        if result.charged is False:
            self.ledger.append(attempt, "failed_refunded", reason=result.reason, again=result.again)
        else:
            assumed = {"assumed": True} if result.charged is None else {}
            self.ledger.append(
                attempt, "failed_charged", charged=str(attempt.worst), reason=result.reason, again=result.again, **assumed
            )
        if not result.again or self.begun >= self.settings.attempts:
            cost = "Nothing was charged." if result.charged is False else f"{attempt.worst} counts as charged."
            raise ProviderError(f"{attempt.title}: the provider gave up on it ({result.reason}). {cost}")
        self.say(attempt, f"failed ({result.reason}) and is tried again")
        self.begun += 1
        return self.begin()

    def collect(self, attempt: Attempt) -> Attempt:
        """Fetch the results."""
        files, done = self.fetch(attempt)
        return self.keep(attempt, files, done.facts, done.charged, done.currency, None)

    def fetch(self, attempt: Attempt) -> tuple[Mapping[str, Path], Done]:
        """The results of a task that is done, from addresses asked for anew where those that we have do not work."""
        task = attempt.task
        if task is None:
            raise self.hold(attempt, "its task is not known")
        while True:
            done, self.done = self.done, None
            done = done or self.ask(attempt, lambda: self.provider.poll(self.call, task))
            reason = "it is at work again"
            if isinstance(done, Failed):
                raise self.hold(attempt, f"it was done and has failed since: {done.reason}")
            if not isinstance(done, Pending):
                try:
                    files = self.provider.fetch(self.call, done, self.folder())
                except NotAccepted as error:
                    reason = str(error)
                except Refused as error:
                    raise self.hold(attempt, f"what it gave cannot be used: {error}") from None
                else:
                    point("fetched")
                    return files, done
            if not self.pause():
                raise ProviderError(
                    f"{attempt.title}: is done and paid for, but cannot be fetched ({reason}). Run again later: it is fetched then."
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

    def settle(self, attempt: Attempt) -> Attempt:
        """Count what it cost, as the provider says, or else by the price table."""
        billed = next((each["billed"] for each in reversed(attempt.records) if each.get("billed")), None)
        fields: dict[str, Any] = {"charged": attempt.first.get("expected") or str(attempt.worst), "by": "price table"}
        if billed:
            try:
                charged = self.buyer.prices.convert(Decimal(billed[0]), billed[1])
                fields = {"charged": str(charged), "by": "provider"}
            except RequestError as error:
                self.say(attempt, f"what it cost cannot be converted and is taken from the price table. {error}")
        if Decimal(fields["charged"]) > attempt.worst:
            self.say(
                attempt, f"cost {fields['charged']}, more than the {attempt.worst} that were reserved: the price is out of date"
            )
        attempt = self.ledger.append(attempt, "settled", **fields)
        point("settled")
        self.say(attempt, f"bought for {fields['charged']} {attempt.first['currency']}")
        return attempt


def _clock() -> float:
    """Seconds, those asleep included."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
