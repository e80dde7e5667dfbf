"""`produce`: the one path through which anything is made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from talkmill.errors import BackendError
from talkmill.store.digests import canonical, digest
from talkmill.store.objects import Store, write_file, writing

FORMAT = 1
"""Raised when the meaning of a content key changes; older records then miss instead of being misread."""


@dataclass(frozen=True)
class Request:
    """What decides a free making: nothing else may, and everything here does."""

    verb: str
    backend: str
    version: int
    engine: Mapping[str, str]  # distribution -> version, of what shapes the result
    request: Mapping[str, Any]  # plain JSON
    inputs: Mapping[str, str] = field(default_factory=dict)  # name -> content digest

    def to_json(self) -> dict[str, Any]:
        """The key as a value that can be read."""
        return {
            "format": FORMAT,
            "verb": self.verb,
            "backend": self.backend,
            "version": self.version,
            "engine": dict(self.engine),
            "request": dict(self.request),
            "inputs": dict(self.inputs),
        }

    @property
    def key(self) -> str:
        """The content key: SHA-256 of `to_json`."""
        return digest(self.to_json())


@dataclass(frozen=True)
class Making:
    """One thing that a backend made."""

    key: str
    files: Mapping[str, str]  # role -> content digest
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As a ticket holds it."""
        return {"key": self.key, "files": dict(self.files), "facts": dict(self.facts)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Making:
        """The inverse of `to_json`."""
        return cls(data["key"], data["files"], data["facts"])


Make = Callable[[Path], tuple[Mapping[str, Path], Mapping[str, Any]]]
"""Makes it in an empty folder; gives the files by role, and the facts."""


def lookup(store: Store, key: str) -> Making | None:
    """What was made for this key, if all of it is still there."""
    try:
        making = Making.from_json(json.loads(store.record(key).read_bytes())["making"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return making if all(store.has(name) for name in making.files.values()) else None


def produce(
    store: Store, request: Request, make: Make, stale: Callable[[Making], bool] = lambda making: False
) -> tuple[Making, bool]:
    """The making of `request`, from the store or made now; the flag says whether it was made now.

    Two jobs that want the same thing at once make it once: the second waits and takes the first one's. What is `stale` is
    made again.
    """
    key = request.key
    making = lookup(store, key)
    if making and not stale(making):
        return making, False
    with store.claim(key):
        making = lookup(store, key)
        if making and not stale(making):
            return making, False
        with store.workdir() as workdir, writing(workdir):
            files, facts = make(workdir)
            for role, path in files.items():
                if not path.is_file() or path.stat().st_size == 0:
                    raise BackendError(
                        f"{request.verb}: {request.backend} gave no {role} (nothing at {path.name}). "
                        "This is a fault of the backend; report it with the log."
                    )
            making = Making(key, {role: store.add(path) for role, path in files.items()}, dict(facts))
        write_file(store.record(key), canonical({"request": request.to_json(), "making": making.to_json()}))
    return making, True
