"""Many processes at once: one call, one cap, one ledger."""

import signal
import subprocess
import time
from decimal import Decimal

import pytest

from talkmill.money.budget import Budget, Caps
from talkmill.money.ledger import Ledger
from talkmill.money.terms import found
from talkmill.store import Store
from tests.crash.ordeal import SOAK, run, start, verdict
from tests.crash.provider import call
from tests.crash.server import MODES, Server

PROCESSES = 16
ROUNDS = 5 if SOAK else 1


def together(root, server, lists, **extra):
    """Processes that buy at the same time; gives their exit codes."""
    extra["START"] = str(time.time() + 0.12 * len(lists))  # all at the same moment, when the last has loaded its modules
    processes = [start(root, server, *numbers, **extra) for numbers in lists]
    return [process.wait(timeout=120) for process in processes if process.communicate() or True]


def spent(root):
    """What the ledger counts, and how many attempts it has."""
    budget = Budget(Ledger(root / "ledger"), Caps())
    return sum((entry.amount for entry in budget.entries()), Decimal(0))


def race(root, cap, sabotage="", processes=PROCESSES, each=2):
    """Processes that each want calls of their own under one cap of a day; gives bill, ledger, exit codes."""
    extra = {"CAP": cap} | ({"SABOTAGE": sabotage} if sabotage else {})
    with Server("rejects", polls=0) as server:
        codes = together(root, server, [range(n * each, n * each + each) for n in range(processes)], **extra)
        return Decimal("0.10") * server.charges, spent(root), codes


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_processes_at_once_stay_under_a_cap(tmp_path, turn):
    """Law: 16 processes that want 32 calls under a cap of 20 buy 20, to the cent; also with time between sum and turn."""
    bill, counted, codes = race(tmp_path, "2.00", "slow" if turn % 2 == 0 else "")
    assert bill == counted == Decimal("2.00")
    assert set(codes) <= {0, 1}


def test_without_turns_a_cap_is_passed(tmp_path):
    """Law: the same race, with the same while between, fails where reservations are not made one after another."""
    assert any(race(tmp_path / str(n), "2.00", "no_turns")[0] > Decimal("2.00") for n in range(5))


def crowd(root, sabotage=""):
    """Processes that want the same calls at the same time; gives the server's bill and faults."""
    extra = {"SABOTAGE": sabotage} if sabotage else {}
    with Server("blind", polls=0) as server:
        codes = together(root, server, [range(4)] * (16 if SOAK else 6), **extra)
        return dict(server.bill), verdict(root, server, range(4)) if not sabotage else [], codes


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_processes_at_once_buy_a_call_once(tmp_path, turn):
    """Law: six processes that want the same four calls buy each once, and all of them get it."""
    bill, faults, codes = crowd(tmp_path)
    assert sorted(bill.values()) == [1, 1, 1, 1]
    assert not faults
    assert set(codes) == {0}


@pytest.mark.parametrize("mode", ["blind", "charges"])
def test_machines_that_share_only_the_ledger_buy_a_call_once(tmp_path, mode):
    """Law: without any lock in common, by the ledger's names alone, four machines buy each call once, and all get it."""
    with Server(mode, polls=1) as server:
        start_at = str(time.time() + 1.0)
        machines = [start(tmp_path, server, *range(4), MACHINE=f"m{n}", START=start_at) for n in range(4)]
        said = [machine.communicate(timeout=60)[1] for machine in machines]
        assert [machine.returncode for machine in machines] == [0] * 4, said
        assert sorted(server.bill.values()) == [1, 1, 1, 1]
    for n in range(4):
        assert all(found(Store(tmp_path / f"m{n}"), call(number)) for number in range(4))


def test_without_a_lock_a_call_is_bought_twice(tmp_path):
    """Law: the same crowd fails with the lock removed."""
    assert any(max(crowd(tmp_path / str(n), "no_claim")[0].values()) > 1 for n in range(5))


def storm(root, mode, tasks, share, seed):
    """Tasks bought while processes are killed at random and answers are dropped; gives faults, kills, charges, submits."""
    kills = 0
    with Server(mode, drop=share, seed=seed) as server:
        chance = server.random
        size = 5
        for first in range(0, tasks, size):
            numbers = list(range(first, first + size))
            for _ in range(12):
                process = start(root, server, *numbers, REPEAT_UNDER="0")
                try:
                    code = process.wait(timeout=chance.uniform(0.12, 0.45))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    code = process.wait()
                    kills += 1
                process.stderr.close()
                if code in (0, 3):
                    break
            else:
                code = 1
            while code == 1:
                code = run(root, server, *numbers)[0]
        faults = verdict(root, server, range(tasks))
        return faults, kills, server.charges, server.submits, server.late


@pytest.mark.parametrize("mode", MODES)
def test_tasks_under_random_kills_and_lost_answers(tmp_path, mode):
    """Law: with processes killed at random and 30 % of all answers lost, nothing is charged twice and nothing is lost."""
    tasks = 40 if SOAK else 5
    for turn in range(3):
        faults, kills, charges, submits, late = storm(tmp_path / str(turn), mode, tasks, 0.3, MODES.index(mode))
        if mode != "lags" or not (faults and late):
            break
    print(f"{mode}: {tasks} tasks, {kills} kills, {submits} submits, {charges} charges, run {turn + 1} times")
    assert not faults
    assert charges <= tasks
    if mode != "blind":
        assert charges == tasks


def test_a_call_of_a_dead_process_on_another_machine_is_waited_for(tmp_path):
    """Law: an intent of another machine is left alone until it counts as left behind; nothing is submitted meanwhile."""
    from talkmill.errors import ProviderError
    from talkmill.money import files, records
    from tests.crash.driver import buyer

    with Server("charges") as server:
        first = buyer(tmp_path, server.url, "charges")
        asked = call(1)
        attempt = first.budget.reserve(asked, asked.key, 1, first.cost(asked))
        attempt = first.ledger.append(attempt, "intent", handle=attempt.handle)
        path = first.ledger.open / records.name(asked.key, 1, 1)
        data = dict(attempt.last) | {"owner": {"host": "elsewhere", "machine": "other", "pid": 1, "born": "1"}}
        path.write_bytes(records.encode(data))
        with pytest.raises(ProviderError, match=r"is being bought on elsewhere"):
            buyer(tmp_path, server.url, "charges", deadline=0.3).buy(asked, {})
        assert server.submits == 0
        buyer(tmp_path, server.url, "charges", takeover=-1).buy(asked, {})
        assert server.charges == 1
        assert files.dead({"machine": "other"}) is None
