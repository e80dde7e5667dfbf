"""Many makings of a paid job are bought at once; one at a time works on this machine."""

import threading

import pytest

from talkmill.errors import ProviderError
from talkmill.model.calls import Bought, Call, Files, buy_all
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


def test_several_calls_are_bought_at_once_and_kept_in_their_order():
    """Law: all are under way together, with the lock free; results and keys are in the order in which they were asked for."""
    lock, together = threading.Lock(), threading.Barrier(3, timeout=5)

    def buy(call, files):
        assert not lock.locked()
        together.wait()
        return Bought(call.key, {}, {}, {"n": call.body["n"]})

    purse = Purse(buy, {"character": "grace"}, lock)
    calls = [Call("fal", "lip-sync", "", {"n": n}) for n in range(3)]
    with lock:
        found = buy_all(purse, [(call, {}) for call in calls])
        assert lock.locked()
    assert [one.facts["n"] for one in found] == [0, 1, 2]
    assert purse.bought == [call.key for call in calls]


def test_where_one_of_several_fails_the_others_are_waited_for_and_told():
    """Law: the error is raised when the others are over, and what they bought is kept."""
    over = []

    def buy(call, files):
        if call.body["n"] == 0:
            raise ProviderError("the provider gave up")
        threading.Event().wait(0.1)
        over.append(call.key)
        return Bought(call.key, {}, {}, {})

    purse = Purse(buy, {}, threading.Lock())
    calls = [Call("fal", "lip-sync", "", {"n": n}) for n in range(3)]
    with purse._at_work, pytest.raises(ProviderError, match="gave up"):
        buy_all(purse, [(call, {}) for call in calls])
    assert sorted(purse.bought) == sorted(over) == sorted(call.key for call in calls[1:])


def test_files_are_made_once_and_when_they_are_asked_for(tmp_path):
    """Law: looking at the roles makes none."""
    made = []

    def make(name):
        made.append(name)
        return tmp_path / name

    files = Files({name: lambda name=name: make(name) for name in ("clip", "sound")})
    assert (set(files), len(files), made) == ({"clip", "sound"}, 2, [])
    assert dict(files) == {"clip": tmp_path / "clip", "sound": tmp_path / "sound"}
    assert files["clip"] == tmp_path / "clip"
    assert made == ["clip", "sound"]
