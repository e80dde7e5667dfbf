"""A speech engine as a process of its own, which answers one JSON line with one JSON line."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from talkmill.errors import BackendError

ENGINES = Path(__file__).parent / "engines"


class Worker:
    """One engine program, started at the first question and kept until `close` (or until nobody refers to it)."""

    def __init__(self, engine: str, program: str) -> None:
        self.engine = engine  # as people know it: "piper"
        self.program = ENGINES / program
        self._process: subprocess.Popen[bytes] | None = None
        self._close = weakref.finalize(self, lambda: None)
        self._lock = threading.Lock()

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The engine's answer to `request`.

        Raises:
            BackendError: the engine refused (its own words), or it died.
        """
        with self._lock:
            process = self._start()
            assert process.stdin is not None  # noqa: S101 (a pipe, see _start)
            assert process.stdout is not None  # noqa: S101
            try:
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except BrokenPipeError:
                line = b""
            if not line:
                raise BackendError(self._death(process))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise BackendError(f"speak: {self.engine}: {answer['error']}. {answer['cure']}.")
        return answer

    def close(self) -> None:
        """End the engine; the next question starts it again."""
        with self._lock:
            self._close()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._close()
        noise = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _end; standard error must never fill a pipe)
        self._process = subprocess.Popen(
            [sys.executable, str(self.program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=noise
        )
        self._noise = noise
        self._close = weakref.finalize(self, _end, self._process, noise)
        return self._process

    def _death(self, process: subprocess.Popen[bytes]) -> str:
        code = process.wait(timeout=10)
        self._noise.seek(0)
        lines = [line for line in self._noise.read().decode("utf-8", "replace").splitlines() if line.strip()]
        said = lines[-1].strip() if lines else "it said nothing"
        self._close()
        self._process = None
        if "ModuleNotFoundError" in said:
            return f"speak: {self.engine}: a package is missing ({said}). Install Talkmill again with its dependencies."
        return f"speak: {self.engine}: the engine stopped (exit {code}: {said}). Try again, or shorten the text."


def _end(process: subprocess.Popen[bytes], noise: Any) -> None:
    for pipe in (process.stdin, process.stdout, noise):
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
