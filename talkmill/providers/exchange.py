"""One exchange over HTTP: how long it may take, and what came back."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
"""Statuses after which the same question may be asked again."""


@dataclass(frozen=True)
class Limits:
    """Patience; seconds and bytes."""

    connect: float = 10
    read: float = 120
    write: float = 120
    pool: float = 30
    total: float = 300  # of one exchange, whatever drips in
    transfer: float = 1800  # of one download
    asking: float = 120  # of a question with all its repeats
    first_wait: float = 0.5  # before the first repeat; doubles
    longest_wait: float = 15
    answer: int = 96 << 20  # bytes of an answer that is held in memory


@dataclass(frozen=True)
class Answered:
    """An answer as it came."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def wait(self) -> float | None:
        """Seconds of the Retry-After header (a number or a date), not negative; None without one."""
        return retry_after(self.headers.get("retry-after"))

    @property
    def looks_like(self) -> str:
        """What it is, in few words, for a message: never its content."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip() or "no type"
        return f"HTTP {self.status}, {kind}, {len(self.body)} bytes"


def retry_after(value: str | None) -> float | None:
    """Seconds to wait, of a Retry-After header."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


class Watch:
    """Ends an exchange that takes too long in all, however it drips: its socket is shut from outside."""

    def __init__(self, seconds: float) -> None:
        """The exchange may last `seconds`; a context manager around all of it."""
        self.seconds, self.fired = seconds, False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """httpx's trace extension: takes the socket when there is one, and again when TLS has wrapped it."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")

    def _fire(self) -> None:
        self.fired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # not SSLSocket's own, which also drops its state

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
