"""Every system call of a purchase fails once, in turn: the ledger holds the old state or the new one, never neither."""

import contextlib
import errno
import itertools
import os

import pytest

from talkmill.errors import HeldError, TalkmillError
from talkmill.money import seal
from talkmill.money.ledger import Ledger
from tests.crash.ordeal import SOAK
from tests.money.fake import Fake, buyer, call

CALLS = (
    "open",
    "write",
    "fsync",
    "link",
    "replace",
    "rename",
    "unlink",
    "mkdir",
    "utime",
    "fchmod",
    "chmod",
    "listdir",
    "fdopen",
)
KINDS = {
    "full": errno.ENOSPC,
    "broken": errno.EIO,
    "quota": errno.EDQUOT,
    "interrupted": errno.EINTR,
    "short": None,
}


class Full:
    """A file that takes nothing."""

    def __init__(self, stream, number):
        self.stream = stream
        self.number = number

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()

    def write(self, data):
        self.stream.write(data[: len(data) // 2])
        raise OSError(self.number, os.strerror(self.number))


class Faults:
    """The os module with one fault: the `number`-th call fails, or writes less than it was given."""

    def __init__(self, monkeypatch, kind):
        self.kind = kind
        self.number = self.count = 0
        self.met = ""
        for name in CALLS:
            monkeypatch.setattr(os, name, self.wrap(name, getattr(os, name)))

    def wrap(self, name, real):
        def wrapped(*arguments, **named):
            if not self.number or (self.kind == "short" and name != "write"):
                return real(*arguments, **named)
            self.count += 1
            if self.count != self.number:
                return real(*arguments, **named)
            self.met = name
            if name == "fdopen":
                return Full(real(*arguments, **named), KINDS[self.kind])
            if self.kind == "short":
                handle, data = arguments
                return real(handle, bytes(data)[: len(data) // 2])
            raise OSError(KINDS[self.kind], os.strerror(KINDS[self.kind]))

        return wrapped

    def arm(self, number):
        self.number, self.count, self.met = number, 0, ""


@pytest.mark.parametrize("kind", list(KINDS) if SOAK else ["full", "short"])
@pytest.mark.parametrize("handles", ["lookup", "none"])
def test_a_fault_in_any_system_call_pays_once_and_loses_nothing(tmp_path, monkeypatch, kind, handles):
    """Law: with the N-th system call failing, for every N until none does, a second run ends it: charged once, or held."""
    faults = Faults(monkeypatch, kind)
    step = 1 if SOAK or kind == "short" else 3
    met = {}
    held = 0
    for number in itertools.count(1, step):
        root = tmp_path / str(number)
        root.mkdir()
        fake = Fake(handles)
        faults.arm(number)
        with contextlib.suppress(OSError, TalkmillError):
            buyer(root, fake).buy(call(), {})
        hit = faults.met
        faults.arm(0)
        if not hit:
            break
        met[hit] = met.get(hit, 0) + 1
        shop = buyer(root, fake)
        intent = handles == "none" and shop.ledger.history(call().key)[-1:]
        if intent and intent[0].state == "intent":
            held += 1
            with pytest.raises(HeldError):
                shop.buy(call(), {})
        else:
            assert shop.buy(call(), {}).files["result"].stat().st_size == 32
        assert fake.charges <= 1
        assert not shop.ledger.names("aside")
    print(f"{kind} {handles}: {number - 1} system calls, {held} held, faults met: {met}")
    assert held <= number / 4
    assert sum(met.values()) >= (8 if kind == "short" else 25)


@pytest.mark.parametrize("kind", ["full", "broken"] if SOAK else ["quota"])
def test_a_fault_while_days_are_sealed_changes_no_sum(tmp_path, monkeypatch, kind):
    """Law: sealing that fails anywhere leaves every sum as it was, and ends the next time."""
    faults = Faults(monkeypatch, kind)
    for number in itertools.count(1):
        root = tmp_path / str(number)
        root.mkdir()
        fake = Fake()
        shop = buyer(root, fake)
        for each in (1, 2):
            shop.buy(call(each), {})
        before = sum(entry.amount for entry in shop.budget.entries())
        faults.arm(number)
        with contextlib.suppress(OSError, TalkmillError):
            seal.seal(Ledger(root / "ledger"), 4e9)
        hit = faults.met
        faults.arm(0)
        assert sum(entry.amount for entry in buyer(root, fake).budget.entries()) == before
        seal.seal(Ledger(root / "ledger"), 4e9)
        assert sum(entry.amount for entry in buyer(root, fake).budget.entries()) == before
        assert not Ledger(root / "ledger").names("open")
        if not hit:
            break
    assert number > 15
