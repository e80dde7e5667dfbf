"""Talkmill with one of its safeguards taken out: what the tests have to notice."""

import contextlib
import time
import uuid

from talkmill.money import ledger, records
from talkmill.money.records import Attempt
from talkmill.store.objects import Store


def no_claim():
    """No lock: neither the store's claim, nor the names that only one can take."""

    @contextlib.contextmanager
    def claim(self, key):
        yield

    def create(path, data, folder=None):
        aside = path.with_name(f".{uuid.uuid4().hex}")
        aside.write_bytes(data)
        aside.replace(path)
        return True

    Store.claim = claim
    ledger.create = create


def slow():
    """No safeguard less, but time between summing and reserving in which others do the same."""
    real = ledger.Ledger.take

    def take(self, folder, serial, new):
        time.sleep(0.02)
        return real(self, folder, serial, new)

    ledger.Ledger.take = take


def no_turns():
    """Reservations are written without a turn: each sums for itself."""

    def take(self, folder, serial, new):
        return real(self, folder, 1000 + uuid.uuid4().int % 10**12, new)

    def turn(self):
        folder = self.root / "turns" / "1"
        folder.mkdir(parents=True, exist_ok=True)
        return folder, 0

    slow()
    real = ledger.Ledger.take
    ledger.Ledger.take = take
    ledger.Ledger.turn = turn


def late_intent():
    """The intent reaches the disk after the submit."""
    real = ledger.Ledger.append
    kept = {}

    def append(self, attempt, state, **fields):
        who = (attempt.key, attempt.number)
        if state == "intent":
            kept[who] = fields
            new = records.record(attempt.key, attempt.number, len(attempt.records), state, **fields)
            return Attempt(attempt.key, attempt.number, (*attempt.records, new))
        if who in kept:
            before = Attempt(attempt.key, attempt.number, attempt.records[:-1])
            attempt = real(self, before, "intent", **kept.pop(who))
        return real(self, attempt, state, **fields)

    ledger.Ledger.append = append
