"""A provider in this process, that does what a test tells it to; and what a test buys with."""

import hashlib
from decimal import Decimal

from talkmill.model.calls import Call, Done, Pending, Task
from talkmill.money import Buyer, Caps, Ledger, Prices, Settings
from talkmill.store import Store

PRICES = {"rows": {"fake/make": {"unit": "second", "price": "0.02", "step": 5}, "fake/session": {"unit": "call", "price": 1}}}


def call(number=1, amount=None, **fields):
    """A call of 10 cents, unless its amount says otherwise."""
    fields = {"label": {"episode": f"e{number}", "character": "mia"}} | fields
    operation = fields.pop("operation", "make")
    amount = Decimal(amount or (1 if operation == "session" else 5))
    return Call("fake", operation, "", {"number": number}, amount=amount, **fields)


class Fake:
    """Takes everything and is done at the second poll. `script`: what the next submits raise or give; `polls`: next polls."""

    name = "fake"
    visible = 0.0
    handles_of = {}  # noqa: RUF012

    def __init__(self, handles="lookup", script=(), polls=()):
        self.handles = handles
        self.script = list(script)
        self.polls = list(polls)
        self.tasks = {}
        self.known = {}  # handle -> task
        self.bill = {}
        self.submits = []
        self.finds = 0
        self.fetches = []  # what the next fetches raise
        self.contexts = []

    @property
    def charges(self):
        return sum(self.bill.values())

    def take(self, call, handle):
        """A task, billed."""
        task = Task(f"t{len(self.tasks) + 1}")
        self.tasks[task.id] = call
        self.known[handle] = task
        self.bill[call.key] = self.bill.get(call.key, 0) + 1
        return task

    def submit(self, call, files, handle, workdir):
        self.submits.append(handle)
        self.contexts.append(dict(call.context))
        step = self.script.pop(0) if self.script else None
        if callable(step):
            return step(call, files, handle, workdir)
        if isinstance(step, BaseException):
            raise step
        return self.take(call, handle)

    def find(self, call, handle):
        self.finds += 1
        return self.known.get(handle)

    def poll(self, call, task):
        step = self.polls.pop(0) if self.polls else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            return step
        return Done({"result": task.id}, charged=None)

    def fetch(self, call, done, workdir):
        if self.fetches:
            raise self.fetches.pop(0)
        path = workdir / "result.bin"
        path.write_bytes(hashlib.sha256(call.key.encode()).digest())
        return {"result": path}


PENDING = Pending()


def buyer(root, provider, caps=None, store="store", **settings):
    """A buyer on `root` that does not wait."""
    settings = {"first_wait": 0.001, "last_wait": 0.002, "deadline": 5.0, "run": "test"} | settings
    return Buyer(
        Store(root / store),
        Ledger(root / "ledger"),
        Prices.of(PRICES),
        Caps.of(caps or {}),
        {"fake": provider},
        Settings(**settings),
    )


def state(shop, asked):
    """State of a call's last attempt."""
    return shop.ledger.history(asked.key)[-1].state
