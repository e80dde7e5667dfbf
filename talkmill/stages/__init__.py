"""Stages: one file a verb. A stage reads the tickets upstream, asks its backend for each making, and fills a ticket."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from talkmill import backends
from talkmill.errors import StoreError
from talkmill.store import Making, Request, Store, Ticket, produce


@dataclass(frozen=True)
class Outcome:
    """What goes into the stage's ticket."""

    makings: Mapping[str, Making] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Job:
    """What a stage is given: its recipe, the tickets upstream, the store."""

    recipe: Mapping[str, Any]
    tickets: Mapping[str, Ticket]  # role -> ticket
    store: Store
    root: Path  # the project's folder
    _loaded: dict[tuple[str, str], backends.Backend] = field(default_factory=dict)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The recipe's settings."""
        return self.recipe["settings"]

    def object(self, digest: str) -> Path:
        """The path of an object that an upstream ticket names.

        Raises:
            StoreError: it is gone.
        """
        if not self.store.has(digest):
            raise StoreError(f"{self.store.object(digest)}: is gone. Run snakemake again: it makes what is missing.")
        return self.store.object(digest)

    def backend(self, verb: str, name: str) -> backends.Backend:
        """The backend, one instance a job (it may keep an engine running between makings)."""
        if (verb, name) not in self._loaded:
            self._loaded[verb, name] = backends.load(verb, name)
        return self._loaded[verb, name]

    def make(
        self,
        backend: Mapping[str, Any],
        request: Mapping[str, Any],
        inputs: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
    ) -> Making:
        """Have something made, or take it from the store.

        Args:
            backend: as the recipe names it: `{"verb", "name", "version", "engine"}`.
            request: plain JSON.
            inputs: name -> content digest.
            files: paths of inputs that are the user's own files and not in the store, by name.
        """
        inputs, files = inputs or {}, files or {}
        key = Request(backend["verb"], backend["name"], backend["version"], backend["engine"], request, inputs)

        def make(workdir: Path) -> tuple[Mapping[str, Path], Mapping[str, Any]]:
            paths = {name: files.get(name) or self.object(digest) for name, digest in inputs.items()}
            result = self.backend(backend["verb"], backend["name"]).run(request, paths, workdir)
            return result.files, result.facts

        making, made = produce(self.store, key, make)
        print(
            f"{'made' if made else 'kept'} {backend['verb']} {backend['name']} {making.key[:12]}", file=sys.stderr, flush=True
        )
        return making

    def close(self) -> None:
        """Let engines go."""
        for backend in self._loaded.values():
            getattr(backend, "close", lambda: None)()
