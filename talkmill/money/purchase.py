"""One purchase: a call's way from its reservation to its result, a step for each state that the ledger knows."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

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
from talkmill.model.calls import Answer, Bought, Done, Failed, Task
from talkmill.money import files as disk
from talkmill.money import records
from talkmill.money.ledger import Taken
from talkmill.money.points import point
from talkmill.money.records import Attempt
from talkmill.money.results import Way
from talkmill.money.terms import found, fresh, held_error

SOON = 60.0
"""Seconds within which a submit begins after its intent; later, another machine might soon think us gone."""

KEPT = 1800.0
"""Seconds for which a reservation is good: what is sent later counts for another day."""


class Purchase(Way):
    """One call on its way, by one thread that holds the store's claim on its key."""

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
                if attempt.state == "settled" and self.expired(attempt):
                    attempt = self.begin()
            except Taken:  # by another machine, on the same call: go on from what it wrote
                attempt = self.ledger.attempt(attempt.key, attempt.number)
        if self.settings.anew(self.call.key):
            self.buyer.renewed.add(self.call.key)
        if found(self.store, self.call) is None:  # another machine ended it, into a store of its own
            self.record(attempt, self.present(attempt))
        bought = found(self.store, self.call)
        if bought is None:
            raise StoreError(f"{attempt.title}: was bought, and its files are gone again. Run the same command again.")
        return bought

    # --- the steps ---------------------------------------------------------------------------------

    def expired(self, attempt: Attempt) -> bool:
        """Whether it is a session that has run out."""
        return self.call.lasts is not None and not fresh(attempt.at, self.call.lasts)

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
            if anew or self.expired(last):
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
                    f"To pay for another try, run with TALKMILL_REBUY={last.key[:12]}."
                )
        return self.reserve(last.number + 1, last.last.get("handle_again"), bool(last.last.get("double")))

    def reserve(self, number: int, handle: str | None = None, repeats: bool = False) -> Attempt:
        """Count a new attempt against the caps."""
        self.buyer.tidy()
        cost = self.buyer.prices.cost(self.call)
        self.prepare(number, cost.worst)
        self.enter()
        fields: dict[str, Any] = {"handle": handle} if handle else {}
        if repeats:
            fields["repeats"] = True
        attempt = self.buyer.budget.reserve(self.call, self.call.key, number, cost, **fields)
        point("reserved")
        return attempt

    def prepare(self, number: int, worst: Decimal) -> None:
        """Buy what must be there first (a session), unless a cap forbids this call anyway."""
        if self.call.before is None or self.prepared:
            return
        self.leave()  # what it buys may need the slot
        self.buyer.breaker.check(*self.account)
        self.buyer.budget.allows(self.call, (self.call.key, number), worst)
        self.call = replace(self.call, context=self.call.before())
        self.prepared = True

    def submit(self, attempt: Attempt) -> Attempt:
        """Write down that it is going to be sent, and send it."""
        if not -KEPT < time.time() - attempt.at < KEPT:
            self.ledger.append(
                attempt, "failed_refunded", reason="reserved and never sent", handle_again=attempt.first.get("handle")
            )
            return self.begin()
        self.ledger.stop_if_damaged()
        self.prepare(attempt.number, attempt.worst)
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
                self.buyer.breaker.trip(*self.account, str(error))
            raise
        except Duplicate:
            return self.adopt(attempt)
        except OutcomeUnknown as error:
            return self.unanswered(attempt, str(error))
        point("sent")
        self.buyer.breaker.reached(*self.account)
        if isinstance(answer, Answer):
            return self.keep(attempt, answer.files, answer.facts, answer.charged, answer.currency, answer.task)
        return self.taken(attempt, answer)

    def not_taken(self, attempt: Attempt, error: NotAccepted) -> Attempt:
        """It may be sent again, after a while, but not for ever."""
        attempt = self.ledger.append(attempt, "reserved", reason=str(error))
        if self.sent >= self.settings.tries or not self.pause(error.wait):
            self.ledger.append(attempt, "failed_refunded", reason=str(error))
            self.buyer.breaker.missed(*self.account, str(error), self.settings.misses)
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
        if self.provider.handles_of.get(self.call.operation, self.provider.handles) == "none":
            if attempt.worst > self.settings.repeat_under or attempt.first.get("repeats"):
                self.buyer.breaker.missed(*self.account, reason, self.settings.misses)
                raise self.hold(attempt, reason)
            self.say(attempt, f"is repeated, and may be charged twice ({reason})")
            self.ledger.append(attempt, "failed_charged", charged=str(attempt.worst), double=True, reason=reason, **self.run_of)
            return self.begin()
        time.sleep(self.provider.visible)  # by no clock that can be set
        task = self.ask(attempt, lambda: self.provider.find(self.call, attempt.handle))
        if task:
            return self.taken(attempt, task, adopted=True)
        self.ledger.append(attempt, "failed_refunded", reason=f"never arrived: {reason}", handle_again=attempt.handle)
        if self.sent >= self.settings.tries or not self.pause():
            self.buyer.breaker.missed(*self.account, reason, self.settings.misses)
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
            if not self.pause(most=self.settings.poll_wait):
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
            assumed |= self.run_of
            self.ledger.append(
                attempt, "failed_charged", charged=str(attempt.worst), reason=result.reason, again=result.again, **assumed
            )
        self.failures += 1
        if not result.again or self.failures >= self.settings.attempts:
            cost = "Nothing was charged." if result.charged is False else f"{attempt.worst} counts as charged."
            raise ProviderError(f"{attempt.title}: the provider gave up on it ({result.reason}). {cost}")
        self.say(attempt, f"failed ({result.reason}) and is tried again")
        return self.begin()

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
        attempt = self.ledger.append(attempt, "settled", **fields, **self.run_of)
        point("settled")
        self.say(attempt, f"bought for {fields['charged']} {attempt.first['currency']}")
        return attempt


def _clock() -> float:
    """Seconds, those asleep included."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
