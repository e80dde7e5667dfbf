"""A sandbox of the paid providers on this machine: rehearse a paid batch for nothing.

`python -m talkmill.providers.sandbox --port 8700` serves Kling's API at http://127.0.0.1:8700/kling, with any key that starts
with `sk-test`. It checks what is sent as the provider does, gives back real pictures and clips (a test pattern, of the right
length and size), keeps the number of parallel tasks, and writes a bill, which http://127.0.0.1:8700/bill shows. With the
settings that it prints nothing leaves this machine; clips go to an upload of your own only where you set one.
"""

from __future__ import annotations

import importlib
from typing import Any

SERVICES: tuple[str, ...] = (
    "talkmill.providers.sandbox.kling:KlingService",
    "talkmill.providers.sandbox.server:Shelf",
)
"""What it serves: "module:Class"."""


def services() -> list[Any]:
    """One of each service, new."""
    found = []
    for entry in SERVICES:
        module, _, name = entry.partition(":")
        found.append(getattr(importlib.import_module(module), name)())
    return found
