"""Many makings of a paid job are bought at once; one at a time works on this machine."""

import threading

from talkmill.model.calls import Bought, Call
from talkmill.stages.paying import Purse

CALL, FIRST = Call("kling", "lip-sync", "", {}), Call("kling", "identify-face", "", {})


def test_who_buys_lets_others_work_and_what_is_bought_within_a_purchase_does_not_disturb_them():
    """Law: the lock is free during a purchase, a nested one neither frees nor takes it, and it is held afterwards."""
    lock = threading.Lock()
    seen = []

    def buy(call, files):
        seen.append((call.operation, lock.locked(), call.label["character"]))
        if call.operation == "lip-sync":
            lock.acquire()  # another making has begun to work
            purse(FIRST, {})
            seen.append(("after", lock.locked()))
            lock.release()
        return Bought(call.key, {}, {}, {})

    purse = Purse(buy, {"character": "grace"}, lock)
    with lock:
        purse(CALL, {})
        assert lock.locked()
    assert not lock.locked()
    assert seen == [("lip-sync", False, "grace"), ("identify-face", True, "grace"), ("after", True)]
    assert purse.bought == [FIRST.key, CALL.key]
