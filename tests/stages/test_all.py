"""Several makings of one job: paid ones at once, free ones one after another, and what went wrong with any of them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from talkmill.errors import BackendError, HeldError
from talkmill.stages import IN_FLIGHT, Job
from talkmill.store import Making, Store

ROOT = Path(__file__).parents[2]
PAID, FREE = {"verb": "speak", "name": "elevenlabs"}, {"verb": "speak", "name": "espeak"}


@pytest.fixture
def job(tmp_path):
    return Job({"stage": "speak", "folder": "build/a/en", "settings": {}}, {}, Store(tmp_path), tmp_path)


def making(name, log=None, wait=0.0, error=None):
    def task():
        if log is not None:
            log.append((name, threading.current_thread() is threading.main_thread()))
        time.sleep(wait)
        if error:
            raise error
        return Making(name, {}, {})

    return task


def test_makings_come_in_the_order_in_which_they_were_asked_for(job):
    """Whoever is done first."""
    tasks = {str(n): (PAID if n % 2 else FREE, making(str(n), wait=0.03 * (5 - n))) for n in range(6)}
    found = job.all(tasks)
    assert list(found) == list("012345")
    assert [one.key for one in found.values()] == list("012345")


def test_paid_makings_are_asked_for_at_once(job):
    """As many as may be; each waits for all others here, which ends only if they are under way together."""
    gate = threading.Barrier(IN_FLIGHT, timeout=10)

    def task():
        gate.wait()
        return Making("x", {}, {})

    assert len(job.all({str(n): (PAID, task) for n in range(IN_FLIGHT)})) == IN_FLIGHT


def test_free_makings_are_made_one_after_another_in_the_main_thread(job):
    """Engines that are kept running between makings are no matter for threads."""
    log = []
    job.all({"a": (FREE, making("a", log)), "p": (PAID, making("p", wait=0.05)), "b": (FREE, making("b", log))})
    assert log == [("a", True), ("b", True)]


def test_where_several_fail_one_is_raised_and_the_others_are_told_after_all_were_waited_for(job, capsys):
    """What was paid for is kept, whatever became of its neighbours."""
    log = []
    tasks = {
        "0": (PAID, making("0", error=BackendError("zero: failed."))),
        "1": (PAID, making("1", log, wait=0.1)),
        "2": (PAID, making("2", error=BackendError("two: failed."))),
    }
    with pytest.raises(BackendError, match="zero"):
        job.all(tasks)
    assert log
    assert capsys.readouterr().err == "two: failed.\n"


def test_a_free_making_that_fails_hides_no_paid_one_that_did(job, capsys):
    """Both are told, and the paid ones were waited for."""
    log = []
    tasks = {
        "f": (FREE, making("f", error=BackendError("free: failed."))),
        "p": (PAID, making("p", wait=0.05, error=HeldError("paid: is held."))),
        "q": (PAID, making("q", log, wait=0.1)),
    }
    with pytest.raises(BackendError, match="free"):
        job.all(tasks)
    assert log
    assert capsys.readouterr().err == "paid: is held.\n"


def test_a_fault_of_ours_comes_before_errors_for_people(job, capsys):
    """It keeps its traceback."""
    with pytest.raises(ZeroDivisionError):
        job.all(
            {"0": (PAID, making("0", error=BackendError("x: failed."))), "1": (PAID, making("1", error=ZeroDivisionError()))}
        )
    assert capsys.readouterr().err == "x: failed.\n"


def test_a_job_that_is_stopped_waits_for_no_provider(tmp_path):
    """Ctrl-C ends it, though a call is under way: the ledger knows where it stands."""
    program = (
        "import time\nfrom pathlib import Path\nfrom talkmill.job import guarded\nfrom talkmill.stages import Job\n"
        "from talkmill.store import Store\n"
        f"job = Job({{}}, {{}}, Store(Path({str(tmp_path)!r})), Path({str(tmp_path)!r}))\n"
        "def slow():\n    print('waits', flush=True)\n    time.sleep(60)\n"
        f"guarded(lambda: job.all({{'a': ({PAID!r}, slow)}}))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout.readline() == "waits\n"
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - start < 10
    assert (process.returncode, told) == (130, "stopped.\n")
