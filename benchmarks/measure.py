"""Running a command, timed, with the memory of its whole process tree watched."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Cost:
    """What a command cost."""

    seconds: float  # wall
    cpu: float  # user and system, children included, as far as they were reaped
    peak: int  # bytes: the highest sum of proportional set sizes over the tree


def tree_bytes(process: psutil.Process) -> int:
    """Memory of a process and all below it; shared pages are counted once (PSS)."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            continue  # it ended between the listing and the question
    return total


def run(command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None, watch: bool = False) -> Cost:
    """Run to the end.

    Raises:
        RuntimeError: the command failed; its output is the message.
    """
    peak = 0
    done = threading.Event()

    def look(process: psutil.Process) -> None:
        nonlocal peak
        while not done.wait(0.1):
            try:
                peak = max(peak, tree_bytes(process))
            except psutil.Error:
                return

    before = psutil.Process().cpu_times()
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watcher = threading.Thread(target=look, args=(psutil.Process(process.pid),))
    if watch:
        watcher.start()
    text, _ = process.communicate()
    seconds = time.perf_counter() - start
    done.set()
    if watch:
        watcher.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    after = psutil.Process().cpu_times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(seconds, cpu, peak)
