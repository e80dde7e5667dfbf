"""What the tests of paid backends share: a `buy` that goes to a provider and waits, and remembers what it bought."""

from __future__ import annotations

import time

from talkmill.model.calls import Answer, Bought, Done, Pending
from talkmill.store.digests import file_digest


class Buyer:
    """`buy(call, files)` on a provider; each key is bought once. `calls` are all that were asked for, in order."""

    def __init__(self, provider, folder):
        self.provider, self.folder = provider, folder
        self.calls, self.bought = [], {}

    def __call__(self, call, files):
        digests = {role: file_digest(path) for role, path in files.items()}
        call = type(call)(**{**vars(call), "inputs": {**digests, **call.inputs}})
        self.calls.append(call)
        if call.key not in self.bought:
            work = self.folder / f"bought-{len(self.bought)}"
            work.mkdir(parents=True)
            self.bought[call.key] = self._once(call, files, work)
        return self.bought[call.key]

    def _once(self, call, files, work):
        task = self.provider.submit(call, files, f"handle-{len(self.calls)}", work)
        if isinstance(task, Answer):
            return Bought(call.key, task.files, {}, task.facts)
        state = wait(self.provider, call, task)
        assert isinstance(state, Done), state
        return Bought(call.key, self.provider.fetch(call, state, work), {}, state.facts)


def wait(provider, call, task, seconds=30):
    """The state of a task when it is no longer at work."""
    end = time.monotonic() + seconds
    while isinstance(state := provider.poll(call, task), Pending):
        assert time.monotonic() < end, "no end"
        time.sleep(0.02)
    return state
