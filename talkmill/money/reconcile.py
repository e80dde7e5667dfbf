"""Held calls: what they are, what the provider knows of them, and what a person decides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from talkmill.errors import ProviderError, RequestError
from talkmill.model.calls import Call, Provider, Task
from talkmill.money import records
from talkmill.money.files import create, make_folder
from talkmill.money.ledger import Ledger, Taken
from talkmill.money.records import Attempt
from talkmill.store.objects import sync_folder, writing

Decision = Literal["charged", "not-charged", "again"]


@dataclass(frozen=True)
class Waiting:
    """A call that waits for a person, or that no process has finished."""

    attempt: Attempt
    finding: str  # what the provider says, where it can be asked

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        each = self.attempt
        return {
            "key": each.key,
            "attempt": each.number,
            "state": each.state,
            "call": "/".join(filter(None, (each.first["provider"], each.first["operation"], each.first["model"]))),
            "label": dict(each.label),
            "handle": each.handle,
            "task": each.task.id if each.task else None,
            "worst": str(each.worst),
            "currency": each.first["currency"],
            "since": each.last["utc"],
            "reason": each.last.get("reason", ""),
            "finding": self.finding,
        }


def waiting(ledger: Ledger, providers: Mapping[str, Provider] | None = None) -> list[Waiting]:
    """Held calls and those under way, oldest first; with providers, each is asked what it knows of them."""
    found = sorted((each for each in ledger.attempts().values() if not each.over), key=lambda each: each.at)
    return [Waiting(each, _ask(each, (providers or {}).get(each.first["provider"]))) for each in found]


def _ask(attempt: Attempt, provider: Provider | None) -> str:
    """What the provider says of a call. The call's body is not in the ledger; providers find by handle and task alone."""
    if provider is None or attempt.state == "reserved":
        return ""
    first = attempt.first
    call = Call(first["provider"], first["operation"], first["model"], {}, label=first["label"])
    try:
        task: Task | None = attempt.task
        if task is None:
            if provider.handles_of.get(call.operation, provider.handles) == "none":
                return "it cannot be asked"
            task = provider.find(call, attempt.handle)
            if task is None:
                return "it has no such task: not charged"
        return f"task {task.id}: {type(provider.poll(call, task)).__name__.lower()}"
    except ProviderError as error:
        return f"it could not be asked: {error}"


def pick(ledger: Ledger, key: str) -> Attempt:
    """The held attempt whose key begins so.

    Raises:
        RequestError: there is none, or more than one.
    """
    held = [each for each in ledger.attempts().values() if each.state == "held"]
    found = [each for each in held if each.key.startswith(key)]
    if len(found) != 1:
        names = ", ".join(sorted(each.key[:12] for each in held)) or "none"
        raise RequestError(f"{key}: names {len(found)} held calls (held: {names}). Give the first digits of one of them.")
    return found[0]


def resolve(ledger: Ledger, key: str, decision: Decision, note: str = "") -> Attempt:
    """Write down what a person found out about a held call.

    `charged`: it is counted at its worst, and the next run buys it anew. `not-charged`: it counts nothing, and the next run
    buys it anew. `again`: its task is asked for once more by the next run.

    Raises:
        RequestError: no such call, or it has no task to ask for.
    """
    attempt = pick(ledger, key)
    fields = {"by": "person", "note": note}
    try:
        if decision == "charged":
            return ledger.append(attempt, "failed_charged", charged=str(attempt.worst), **fields)
        if decision == "not-charged":
            return ledger.append(attempt, "failed_refunded", **fields)
        if attempt.task is None:
            raise RequestError(f"{attempt.title}: has no task to ask for again. Decide --charged or --not-charged.")
        task = attempt.task
        return ledger.append(attempt, "submitted", task={"id": task.id, "refs": dict(task.refs)}, **fields)
    except Taken:
        raise RequestError(f"{attempt.title}: has just been decided by somebody else. Look again.") from None


def looked(ledger: Ledger) -> list[str]:
    """Damaged records that a person has looked at are put by, and spending goes on; gives their names.

    Where one is not back under its name, its place is taken by a record that holds the call: what it said is not known, and the
    call may have been sent.
    """
    names = [name for name in ledger.names("aside") if name != "looked"]
    target = ledger.root / "aside" / "looked"
    with writing(target):
        for name in names:
            match = records.NAME.fullmatch(name.removeprefix("open."))
            if match and name.startswith("open.") and int(match["seq"]) > 0:
                new = records.record(
                    match["key"], int(match["attempt"]), int(match["seq"]), "held", reason="a record of it was damaged"
                )
                create(ledger.open / match[0], records.encode(new))
            make_folder(target)
            os.replace(ledger.root / "aside" / name, target / name)
        if names:
            sync_folder(target)
    return names


def to_text(found: list[Waiting]) -> str:
    """A table for people."""
    if not found:
        return "No call waits."
    lines = []
    for each in found:
        one = each.attempt
        lines.append(f"{one.key[:12]}  {one.state:<10} {one.worst} {one.first['currency']}  {one.title}")
        told = "; ".join(filter(None, (one.last.get("reason", ""), each.finding)))
        lines += [f"{'':14}{told}"] if told else []
    return "\n".join(lines)
