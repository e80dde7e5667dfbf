"""Runs that pay, at once, killed, and started again."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.workflow.paid.rehearsal import Bought, Paid

KILLS = 30 if os.environ.get("TALKMILL_SOAK") else 1
LINES = {"both": ["Two runs want this line.", "They want this one too."], "other": ["And this one as well."]}


def test_a_run_killed_in_the_middle_of_paid_calls_goes_on_and_pays_once(ten: Paid) -> None:
    """Law: SIGKILL to the run and to its jobs while segments are being made; the next run takes the tasks up."""
    ten.script({"cut": ["This is cut off.", "This is cut off, too."]})
    bought = ten.bought()
    kling = ten.box["kling"]
    before, least = len(kling.tasks), kling.least
    kling.least = 1500  # fifteen of our seconds
    try:
        process = ten.start(*ten.targets("lipsync"))
        until(lambda: len(kling.tasks) == before + 2, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        states = sorted(each.state for each in ten.attempts() if each.label["episode"] == "cut")
        assert states.count("settled") == 2  # the takes
        assert set(states) - {"settled"} <= {"intent", "submitted"}
        done = ten.lips()
        assert done.code == 0, done.text
    finally:
        kling.least = least
    assert bought.counts == {"elevenlabs": 2, "kling": 2}
    assert len(kling.tasks) == before + 2
    assert "Bought: 2 calls" in done.text


def test_two_runs_with_one_store_and_one_ledger_pay_once_killed_and_with_forceall(ten: Paid, tmp_path: Path) -> None:
    """Law: whatever two clones do at the same time, each thing is bought once."""
    ten.script(LINES)
    two = ten.copy(tmp_path / "two")
    for name in ("store", "ledger"):
        shutil.rmtree(two.root / name)
    shared = {"TALKMILL_STORE": str(ten.root / "store"), "TALKMILL_LEDGER": str(ten.root / "ledger")}
    ten.env |= shared
    two.env |= shared
    before, bought = ten.spent(), ten.bought()
    both = (ten, two)
    runs = [project.start(*project.targets("lipsync")) for project in both]
    until(lambda: bought.counts.get("elevenlabs", 0) >= 1, *runs)
    for turn in range(KILLS):
        time.sleep(random.uniform(0, 6) if turn else 0)  # noqa: S311 - no secret
        at = turn % 2
        with contextlib.suppress(ProcessLookupError):
            os.killpg(runs[at].pid, signal.SIGKILL)
        runs[at].wait()
        runs[at].stdout.close()
        runs[at] = both[at].start(*both[at].targets("lipsync"), "--forceall")
    for run in runs:
        text, _ = run.communicate(timeout=300)
        assert run.returncode == 0 or "is held" in text, text  # a kill fell between a request and its answer
    settle(ten, bought)
    assert ten.lips().code == 0
    assert two.lips().code == 0
    lost = sum(each.last.get("by") == "person" and each.state == "failed_charged" for each in ten.attempts())
    assert bought.counts == {"elevenlabs": 3 + lost, "kling": 3}
    assert ten.spent() == before + bought.total
    print(f"{KILLS} kills, {lost} answers lost and paid for")


def settle(project: Paid, bought: Bought) -> None:
    """A person looks at the account, line by line (each has a length of its own): a request that was cut off has arrived there
    and was billed, or never left."""
    for each in [each for each in project.attempts() if each.state == "held"]:
        billed = sum(str(line.quantity) == each.first["amount"] for line in bought.lines if line.service == "elevenlabs")
        counted = sum(other.key == each.key and other.state in ("settled", "failed_charged") for other in project.attempts())
        project.ask("reconcile", each.key[:12], "--charged" if billed > counted else "--not-charged")


def until(ready, *processes: subprocess.Popen, seconds: float = 180) -> None:
    """Wait for something while processes are at work."""
    end = time.monotonic() + seconds
    while not ready():
        for process in processes:
            assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.05)
