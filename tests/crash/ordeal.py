"""Runs that are killed and started again, and what is to be said of them afterwards."""

import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from talkmill.money.ledger import Ledger
from talkmill.money.points import POINTS, VARIABLE
from talkmill.money.terms import found
from talkmill.store import Store
from tests.crash.provider import call
from tests.crash.server import MODES, Server

ROOT = Path(__file__).resolve().parents[2]
SOAK = os.environ.get("TALKMILL_SOAK") == "1"
"""Whether everything is run, or a sample."""


def start(root, server, *numbers, kill="", **extra):
    """A process that buys."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "", **extra}
    environment.pop(VARIABLE, None)
    if kill:
        environment[VARIABLE] = kill
    command = [sys.executable, "-m", "tests.crash.driver", str(root), server.url, server.mode, *map(str, numbers)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def run(root, server, *numbers, **extra):
    """The exit code of a process that buys, and what it said."""
    process = start(root, server, *numbers, **extra)
    said = process.communicate(timeout=60)[1]
    assert process.returncode in (0, 1, 3, -signal.SIGKILL), said
    return process.returncode, said


def verdict(root, server, numbers, doubles=0):
    """Faults found: charged twice, lost, or otherwise not as it must be."""
    store, ledger = Store(root / "store"), Ledger(root / "ledger")
    faults = []
    for number in numbers:
        asked = call(number)
        history = ledger.history(asked.key)
        held = bool(history) and history[-1].state == "held"
        billed = server.bill.get(asked.key, 0)
        bought = found(store, asked)
        if billed > 1 + doubles:
            faults.append(f"{number}: charged {billed} times")
        if billed and not bought and not held:
            faults.append(f"{number}: billed and lost ({history[-1].state if history else 'no record'})")
        if bought and bought.files["result"].read_bytes() != server.content(asked.key):
            faults.append(f"{number}: holds something else")
        if bought and not held and sum(each.counts for each in history) < billed * history[0].worst:
            faults.append(f"{number}: billed more than the ledger counts")
    return faults


def matrix():
    """The cases: a point, a mode, and how often the run that meets it has been killed before."""
    return [(point, mode, before) for point in POINTS for mode in MODES for before in range(3)]


AGAIN = []
"""Cases that were run again since this machine was too busy to send in time."""


def ordeal(root, place, mode, before, sabotage=""):
    """One call: killed at other points first, then at `place`, then run to its end; gives faults, the last exit code, kills.

    Where the provider that lags was sent something late (see `server.PROMPT`), a fault is no finding: the case is run again,
    and counted in `AGAIN`.
    """
    for turn in range(5):
        *result, late = _ordeal(root / str(turn), place, mode, before, sabotage)
        if sabotage or mode != "lags" or not (result[0] and late):
            break
        AGAIN.append(f"{place} {mode} {before}: {late} late, {result[0][0]}")
    return tuple(result)


def _ordeal(root, place, mode, before, sabotage):
    chance = random.Random(f"{place} {mode} {before}")  # noqa: S311
    kills = [chance.choice(POINTS) for _ in range(before)] + [place]
    extra = {"SABOTAGE": sabotage} if sabotage else {}
    with Server(mode, seed=before) as server:
        server.faults = [chance.choice(("", "", "drop", "error", "busy", "lost")) for _ in range(before)]
        killed = sum(run(root, server, 1, kill=kill, **extra)[0] == -signal.SIGKILL for kill in kills)
        code, said = run(root, server, 1, **extra)
        faults = verdict(root, server, [1])
        if code not in (0, 3) or (code == 3 and mode != "blind"):
            faults.append(f"ended with {code}: {said}")
        if code == 0 and not server.charges:
            faults.append("bought without a bill")
        again = run(root, server, 1, **extra)[0]
        if again != code or verdict(root, server, [1]):
            faults.append(f"run once more it ended with {again}")
    return faults, code, killed, server.late


def many(cases, judge, workers=2):
    """Judge cases side by side; gives their results in order."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(judge, cases))
