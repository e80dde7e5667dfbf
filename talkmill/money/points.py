"""Named places at which a test kills the process. They do nothing unless the environment names one."""

from __future__ import annotations

import os
import signal

VARIABLE = "TALKMILL_CRASH_AT"
"""`name`, or `name#3` for the third time that it is passed."""

POINTS = (
    "claimed",
    "record aside",
    "turn taken",
    "reserved",
    "intent written",
    "sent",
    "task written",
    "polled",
    "success written",
    "fetched",
    "stored",
    "download written",
    "making written",
    "publication written",
    "settled",
)
SEALING = ("sealed", "cleared")
"""Those met while days are sealed."""

_passed: dict[str, int] = {}


def point(name: str) -> None:
    """Die here, as by a power cut, if the environment says so."""
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    place, _, times = wanted.partition("#")
    if place == name:
        _passed[name] = _passed.get(name, 0) + 1
        if _passed[name] == int(times or 1):
            os.kill(os.getpid(), signal.SIGKILL)
