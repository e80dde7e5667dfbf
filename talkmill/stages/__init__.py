"""Stages: one file a verb. A stage reads the tickets upstream, asks its backend for each making, and fills a ticket."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill import backends
from talkmill.errors import StoreError, TalkmillError
from talkmill.stages.paying import Purse, buyer_of, is_paid, to_be_renewed, told
from talkmill.store import Making, Request, Store, Ticket, produce

if TYPE_CHECKING:
    from talkmill.money import Buyer

IN_FLIGHT = 12
"""Paid makings of one job that are asked for at once; how many are under way, the providers' slots say."""


@dataclass(frozen=True)
class Outcome:
    """What goes into the stage's ticket."""

    makings: Mapping[str, Making] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


SETTINGS = ("model", "method", "mode", "resolution", "seconds", "width", "height", "format")
"""What a paid backend is told that changes the price or the look: what `talkmill spend --by setting` and ratings compare."""


def setting(request: Mapping[str, Any]) -> dict[str, str]:
    """The label that says which settings something was bought with: `{"setting": "mode=pro"}`; empty where it has none."""
    told = [f"{name}={request[name]}" for name in SETTINGS if request.get(name) is not None]
    return {"setting": " ".join(told)} if told else {}


@dataclass
class Job:
    """What a stage is given: its recipe, the tickets upstream, the store."""

    recipe: Mapping[str, Any]
    tickets: Mapping[str, Ticket]  # role -> ticket
    store: Store
    root: Path  # the project's folder
    tells: ClassVar[bool] = True  # whether people are told what is found
    _loaded: dict[tuple[str, str], backends.Backend] = field(default_factory=dict)
    _buyer: Buyer | None = None
    _once: threading.Lock = field(default_factory=threading.Lock)
    _at_work: threading.Lock = field(default_factory=threading.Lock)  # of paid makings one works here, the others wait

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
        with self._once:
            if (verb, name) not in self._loaded:
                self._loaded[verb, name] = backends.load(verb, name)
            return self._loaded[verb, name]

    @property
    def buyer(self) -> Buyer:
        """Who buys for this job, made when it is first needed."""
        with self._once:
            if self._buyer is None:
                self._buyer = buyer_of(self.root, self.store)
            return self._buyer

    def label(self, **more: str) -> dict[str, str]:
        """What a purchase of this job is for, as people read it in the ledger: from the ticket's folder, and `more`."""
        parts = self.recipe["folder"].split("/")
        told = {"character": parts[2]} if parts[1] == "cast" else {"episode": parts[1], "language": parts[2]}
        return {"stage": self.recipe["stage"], **told, **more}

    def all(self, tasks: Mapping[str, tuple[Mapping[str, Any], Callable[[], Making]]]) -> dict[str, Making]:
        """Makings by name, each from (backend, task). Paid ones are asked for at once, free ones made one after another.

        Raises:
            TalkmillError: one failed; the others were waited for, since they may have been paid for.
        """
        paid = {name: task for name, (backend, task) in tasks.items() if self.paid(backend)}
        if not paid:
            return {name: task() for name, (_, task) in tasks.items()}
        from concurrent.futures import ThreadPoolExecutor

        found: dict[str, Making] = {}
        failed: list[Exception] = []
        pool = ThreadPoolExecutor(IN_FLIGHT)
        try:
            waiting = {name: pool.submit(task) for name, task in paid.items()}
            try:
                for name, (_, task) in tasks.items():
                    if name not in waiting:
                        found[name] = task()
            except Exception as error:
                failed.append(error)
            for name, future in waiting.items():
                try:
                    found[name] = future.result()
                except Exception as error:
                    failed.append(error)
        except BaseException:  # somebody wants it to end: what is under way is in the ledger
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()
        if failed:
            first = next((error for error in failed if not isinstance(error, TalkmillError)), failed[0])
            for error in failed:
                if error is not first:
                    print(error, file=sys.stderr, flush=True)
            raise first
        return {name: found[name] for name in tasks}

    def paid(self, backend: Mapping[str, Any]) -> bool:
        """Whether a backend of the recipe's pays a provider."""
        return is_paid(self.backend(backend["verb"], backend["name"]))

    def make(
        self,
        backend: Mapping[str, Any],
        request: Mapping[str, Any],
        inputs: Mapping[str, str] | None = None,
        files: Mapping[str, Path] | None = None,
        label: Mapping[str, str] | None = None,
    ) -> Making:
        """Have something made, or take it from the store.

        Args:
            backend: as the recipe names it: `{"verb", "name", "version", "engine"}`.
            request: plain JSON.
            inputs: name -> content digest.
            files: paths of inputs that are the user's own files and not in the store, by name.
            label: of what is bought: `character`, `making`.
        """
        inputs, files = inputs or {}, files or {}
        key = Request(backend["verb"], backend["name"], backend["version"], backend["engine"], request, inputs)

        def make(workdir: Path) -> tuple[Mapping[str, Path], Mapping[str, Any]]:
            paths = {name: files.get(name) or self.object(digest) for name, digest in inputs.items()}
            maker = self.backend(backend["verb"], backend["name"])
            if not is_paid(maker):
                result = maker.run(request, paths, workdir)
                return result.files, result.facts
            purse = Purse(self.buyer.buy, self.label(**(label or {}), **setting(request)), self._at_work)
            try:
                with self._at_work:
                    result = maker.run(request, paths, workdir, purse)  # type: ignore[call-arg]
            except TalkmillError as error:
                raise told(error, purse) from None
            return result.files, {**result.facts, "bought": purse.bought}

        making, made = produce(self.store, key, make, partial(to_be_renewed, self.store))
        # In one piece: several makings may end at once.
        sys.stderr.write(f"{'made' if made else 'kept'} {backend['verb']} {backend['name']} {making.key[:12]}\n")
        sys.stderr.flush()
        return making

    def close(self) -> None:
        """Let engines go."""
        for backend in self._loaded.values():
            getattr(backend, "close", lambda: None)()
