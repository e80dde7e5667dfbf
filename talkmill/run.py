"""A run of Snakemake: its plan, its lock, what is in place, and what happens when it starts and ends."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import sys
import threading
import time
from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

from talkmill.errors import PrerequisiteError, RequestError, TalkmillError
from talkmill.plan import MEMO, Plan, Release, make_plan, store_of, ticket_path
from talkmill.stages.paying import RUN, SINCE, TOLD, buyer_of, ledger_of, rebuy, to_be_renewed
from talkmill.store import Store
from talkmill.store.digests import Memo
from talkmill.store.objects import ROOT_VARIABLE, writing
from talkmill.store.tickets import Ticket, whole

LOCK = Path(".snakemake/talkmill.lock")
"""Held by the main process of a run for as long as it lives."""


MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(8 << 20), "MALLOC_TRIM_THRESHOLD_": str(32 << 20), "MALLOC_ARENA_MAX": "1"}
"""For glibc: a picture's memory is used again for the next one, not given back and asked for each time (7 % of a render). All
threads share what is kept: a job that buys has a dozen, and with a part for each held four times as much (336 MB for 77)."""


COUNTED = (4, 6)
"""Least and most paid calls that a job counts for: of the profile's twelve, two jobs of ten lines run, or three of two."""


class Run:
    """One run in the project at `root`; a job of a cluster (`main=False`) does not plan, it reads recipes from the store."""

    def __init__(self, root: str | Path, main: bool = True) -> None:
        self.root = Path(root)
        if main:
            require_folders(self.root)
        self._lock: Any = None  # kept for as long as the process lives: closing it would let go
        self.memo = Memo(self.root / MEMO)
        self._plan: Plan | None = make_plan(self.root, memo=self.memo) if main else None
        self.store: Store = store_of(self.root, self._plan.project if self._plan else None)
        self._whole: dict[str, bool] = {}
        self._right: dict[str, bool] = {}
        self._started = float("inf")  # until the lock is held, no log is of this run
        self.began = time.time()
        self._quoted: Any = None  # what the run would buy, as it began
        self.name = f"{self.began:.0f}-{os.getpid()}"

    @property
    def plan(self) -> Plan:
        """The plan; only the main process has one."""
        if self._plan is None:
            raise RequestError("plan: a job of a cluster has none. Deliver runs in the main process; keep it a local rule.")
        return self._plan

    @property
    def due(self) -> list[Release]:
        """What is to be made; nothing in a job of a cluster, which is told its target."""
        return self._plan.due if self._plan else []

    def recipe(self, digest: str) -> dict[str, Any]:
        """The recipe of a ticket's digest: the plan's, else the store's."""
        if self._plan and digest in self._plan.recipes:
            return self._plan.recipes[digest]
        return self.store.recipe(digest)

    def ticket(self, digest: str) -> str:
        """Where the ticket of that digest lies."""
        return ticket_path(self.recipe(digest), digest)

    def waits(self, digest: str) -> bool:
        """Whether the job of that digest waits for a paid provider for most of its time."""
        from talkmill.paid_checks import is_paid_for

        return is_paid_for(self.recipe, self.recipe(digest))

    def in_flight(self, digest: str) -> int:
        """How many paid calls the job of that digest counts for while it runs: as many as it has lines, within `COUNTED`; 0:
        it pays nobody. One with many lines counts for fewer than it asks for, so that the next one is there when it ends."""
        if not self.waits(digest):
            return 0
        least, most = COUNTED
        lines = len(self.recipe(digest)["settings"].get("kinds", ()))
        return min(max(lines, least), most)

    def whole(self, ticket: str) -> bool:
        """Whether a ticket is in place (asked of the disk once a run)."""
        if ticket not in self._whole:
            self._whole[ticket] = whole(self.root / ticket, self.store) and ticket not in self.renewed
        return self._whole[ticket]

    @cached_property
    def renewed(self) -> frozenset[str]:
        """Tickets that are made again since something in or behind them is bought anew, as TALKMILL_REBUY asks."""
        found: dict[str, None] = {}
        for digest, recipe in self._plan.recipes.items() if self._plan and rebuy() else ():  # upstream comes first
            path = ticket_path(recipe, digest)
            behind = any(upstream in found for upstream in recipe["inputs"].values())
            if behind or (whole(self.root / path, self.store) and self._to_be_renewed(path)):
                found[path] = None
        return frozenset(found)

    def _to_be_renewed(self, path: str) -> bool:
        return any(to_be_renewed(self.store, making) for making in Ticket.read(self.root / path).makings.values())

    def right(self, release: Release) -> bool:
        """Whether an out/ folder holds what the specs say: the manifest names the recipe, and no file was altered."""
        if release.folder not in self._right:
            new = ticket_path(self.recipe(release.recipe), release.recipe) in self.renewed
            self._right[release.folder] = not new and right(self.root / release.folder, release.recipe, self.memo)
            self.memo.save()
        return self._right[release.folder]

    def shell_prefix(self, home: str | Path) -> str:
        """What every job's shell line starts with: the running interpreter first on PATH, and where things are."""
        settings = {"TALKMILL_HOME": str(home), ROOT_VARIABLE: os.path.abspath(self.store.root)}
        settings["PYTHONPATH"] = os.pathsep.join(filter(None, [str(home), os.environ.get("PYTHONPATH")]))
        ffmpeg = self._plan.project.config.ffmpeg.path if self._plan else None
        if ffmpeg:
            settings["TALKMILL_FFMPEG"] = ffmpeg
        settings |= {RUN: self.name, SINCE: f"{self.began:.3f}"} | MEMORY
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        # Snakemake tells libraries how many threads a job has, and a job that waits has none.
        one = "OMP_NUM_THREADS=1 GOTO_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1"
        words += f'; [ "$OMP_NUM_THREADS" != 0 ] || export {one}; export'
        # Braces would be taken for Snakemake's own placeholders.
        return f"export {words} PATH={shlex.quote(os.path.dirname(sys.executable))}:$PATH; ".replace("{", "{{").replace(
            "}", "}}"
        )

    def start(self, products: Iterable[str]) -> None:
        """Take the run's lock and write the recipes, for a run that makes these files; the main process of a real run only."""
        from snakemake.exceptions import WorkflowError

        try:
            self.lock()
            self._started = time.time()
            for digest, recipe in self.plan.recipes.items():
                self.store.add_recipe(digest, recipe)
            self._prepare_to_pay(frozenset(map(str, products)))
        except TalkmillError as error:
            raise WorkflowError(str(error)) from None

    def _prepare_to_pay(self, products: frozenset[str]) -> None:
        """Where something that is made is paid for: raise unless it can be, and say what it will cost.

        Raises:
            PrerequisiteError: something is missing; all of it is named.
            HeldError: the ledger cannot be relied on.
        """
        from talkmill import paid_checks, quote

        if not paid_checks.pays(self.plan, products):
            return
        paid_checks.require(self.plan, self.store, self.root, products)
        buyer = buyer_of(self.root, self.store, self.plan.project.config)
        found = quote.Quoter(self.plan, self.store, buyer, self.root).quote(list(self.plan.releases.values()), products)
        self._quoted = found
        print(quote.sentence(found), file=sys.stderr)

    def bought(self) -> str:
        """What this run was charged for, against its quote, in one line; "" where it pays for nothing."""
        if self._quoted is None:
            return ""
        from talkmill.money import spend

        charged = spend.of_run(ledger_of(self.root, self.plan.project.config), self.name, self.began)
        calls, quoted, unit = len(charged), self._quoted, self._quoted.currency
        total = sum((each.counts for each in charged), Decimal(0))
        asked, about = sum(item.calls for item in quoted.items), "" if quoted.exact else "about "
        told = f"quoted: {about}{quoted.expected:.3f} {unit} for {asked}"
        return f"Bought: {calls} {'call' if calls == 1 else 'calls'} for {total:.3f} {unit} ({told})."

    def lock(self) -> None:
        """Hold the project for this process.

        Raises:
            RequestError: another run holds it.
        """
        path = self.root / LOCK
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = path.open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            handle.close()
            raise RequestError(
                f"{self.root}: another run is at work in this project (process {holder}). Wait for it to end, then run again."
            ) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        self._lock = handle

    def failures(self) -> list[str]:
        """The last line of the log of every job that was started in this run and wrote no ticket, or no manifest; of a paid
        job a line for each of its lines that failed."""
        products = {
            ticket_path(recipe, digest): None for digest, recipe in self.plan.recipes.items() if recipe["stage"] != "deliver"
        }
        products |= {f"{one.folder}/manifest.json": f"build/{one.episode}/{one.language}/deliver.log" for one in self.due}
        found = []
        for product, log in products.items():
            path = self.root / (log or product.removesuffix(".json") + ".log")
            try:
                if path.stat().st_mtime < self._started or (self.root / product).exists():
                    continue
                lines = path.read_text(errors="replace").strip().splitlines()
            except OSError:
                continue
            # A paid job goes on after one line has failed: it ends with all that did.
            others = takewhile(TOLD.match, reversed(lines[:-1]))
            found += [f"{product.removesuffix('.json')}: {line}" for line in [*lines[-1:], *others][::-1]]
        return found

    def end(self, failed: bool = False) -> None:
        """Write the report, and say at the very end what went wrong; a report that cannot be written does not undo a run."""
        self._report()
        for thread in threading.enumerate():  # Snakemake's scheduler has ended; its alarms would keep the process for a second
            if isinstance(thread, threading.Timer):
                thread.cancel()
        try:
            if line := self.bought():
                print(line, file=sys.stderr)
        except TalkmillError as error:
            print(error, file=sys.stderr)
        failures = self.failures() if failed else []
        if failures:
            print("\nWhat went wrong:", *failures, sep="\n", file=sys.stderr)

    def _report(self) -> None:
        from talkmill.report import gallery

        try:
            page = gallery.write(self.root)
        except (TalkmillError, OSError) as error:
            print(f"report: could not be written ({error}). The videos are not touched by this.", file=sys.stderr)
        else:
            print(f"Look at {page.relative_to(self.root)}.", file=sys.stderr)


def require_folders(root: Path) -> None:
    """Raise unless a run can write into the project.

    Raises:
        PrerequisiteError: it cannot; Snakemake itself would stop with a traceback.
    """
    for path in (root, *(root / name for name in ("build", "out", ".snakemake"))):
        if (path.exists() or path.is_symlink()) and not path.is_dir():
            raise PrerequisiteError(f"{path}: is no folder. Move it away: a run writes there.")
        if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
            raise PrerequisiteError(f"{path}: may not be written to. Change its permissions, or work in a copy of the project.")


def right(folder: Path, recipe: str, memo: Memo) -> bool:
    """Whether `folder` was delivered for `recipe` and every file in its manifest is as it was delivered."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        if manifest["recipe"] != recipe:
            return False
        return all(memo.digest(folder / name) == digest for name, digest in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
