"""Digests: of values, of files, and a memo so that a file is read once and not at every run."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

SHORT = 16
"""Hex digits of a recipe's digest in a ticket's name."""

FRESH = 2.0
"""Seconds during which a changed file could change again without its times showing it; such files are not remembered."""


def canonical(value: Any) -> bytes:
    """The one way to write a JSON value: sorted keys, no spaces, UTF-8. Refuses NaN."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`, 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Memo:
    """Digests of files by path, believed while size, times and inode are what they were (as git's index does it)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, list[Any]] = {}
        self._changed = False
        try:
            known = json.loads(path.read_bytes())
            self._known = known if isinstance(known, dict) else {}
        except (OSError, ValueError):
            pass  # a memo that is lost or damaged costs one reading of each file

    def digest(self, path: Path) -> str | None:
        """The content digest of a file; None where there is no such file."""
        name = str(path)
        try:
            stat = path.stat()
        except OSError:
            return None
        mark = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        entry = self._known.get(name)
        if isinstance(entry, list) and entry[:4] == mark:
            return entry[4]
        value = file_digest(path)
        if time.time() - max(stat.st_mtime, stat.st_ctime) > FRESH:
            self._known[name] = [*mark, value]
            self._changed = True
        return value

    def save(self) -> None:
        """Write the memo where something was learnt; a folder that cannot be written to is no error."""
        if not self._changed:
            return
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(canonical(self._known))
            temporary.replace(self.path)
        except OSError:
            temporary.unlink(missing_ok=True)
