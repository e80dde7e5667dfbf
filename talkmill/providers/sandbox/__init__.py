"""A sandbox of the paid providers on this machine: rehearse a paid batch for nothing.

`python -m talkmill.providers.sandbox --port 8700` serves Kling's API at http://127.0.0.1:8700/kling, ElevenLabs' and fal's
beside it, with any key that starts with `sk-test`. It checks what is sent as they do, gives back real pictures, clips (a test
pattern, of the right length and size) and speech, keeps the number of parallel tasks, and writes a bill, which
http://127.0.0.1:8700/bill shows. With the settings that it prints nothing leaves this machine; only where you set an upload of
your own, the clip goes there and is fetched from there.
"""

from __future__ import annotations

import importlib
from typing import Any

SERVICES: tuple[str, ...] = (
    "talkmill.providers.sandbox.kling:KlingService",
    "talkmill.providers.sandbox.server:Shelf",
    "talkmill.providers.sandbox.elevenlabs:ElevenLabsService",
    "talkmill.providers.sandbox.fal:FalService",
)
"""What it serves: "module:Class"."""


def services() -> list[Any]:
    """One of each service, new."""
    found = []
    for entry in SERVICES:
        module, _, name = entry.partition(":")
        found.append(getattr(importlib.import_module(module), name)())
    return found
