"""How many calls are in flight at a provider, and whether it takes any at all; across processes and machines."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from talkmill.errors import AccountError, NotAccepted
from talkmill.money import files as disk

BEAT = 20.0
"""Seconds between signs of life of a slot's holder."""

STALE = 300.0
"""Seconds without a sign of life after which a holder on another machine counts as gone."""

NAME = re.compile(r"(\d+)\.(\d+)")

LOOK, GIVING_WAY = (0.05, 0.3), (0.8, 1.4)
"""Seconds between two looks for a free slot, at least and at most; then those of a process beside an older one that holds
slots and waits for another. So jobs end one after another, each while the next one is at work, and not all at once with nobody
there to take their slots."""
WAITS = "waits."
"""How the mark of a process that waits begins. One that a dead process left means nothing: it holds no slot."""

_TURNS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""Who of this process's threads looks for a free slot, by folder."""


class Slots:
    """Slots of each provider and account, as files: `<provider>.<account>/<slot>.<generation>`.

    The file of the highest generation says who holds the slot, or that it is free. Taking a slot, also one whose holder is
    dead, is making the next generation, which only one can do.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextlib.contextmanager
    def hold(self, provider: str, account: str, limit: int, seconds: float) -> Iterator[None]:
        """Hold a slot; waits for one.

        Raises:
            NotAccepted: none came free in that time.
        """
        folder = self.root / f"{provider}.{account}"
        disk.make_folder(folder)
        path = self._wait(folder, limit, time.monotonic() + seconds)
        if path is None:
            raise NotAccepted(
                f"{provider}: no slot came free in {seconds:.0f} s (all {limit} are in use). Run again later, or raise "
                f"providers.{provider}.concurrency in config.yaml if your account allows more."
            )
        stop = threading.Event()
        beat = threading.Thread(target=self._beat, args=(path, stop), daemon=True)
        beat.start()
        try:
            yield
        finally:
            stop.set()
            slot, generation = map(int, NAME.fullmatch(path.name).groups())
            with contextlib.suppress(OSError):
                disk.create(folder / f"{slot}.{generation + 1}", b"{}\n")

    def _wait(self, folder: Path, limit: int, end: float) -> Path | None:
        """A slot as soon as one is free; None: none was until then. Of many threads of a process one at a time looks."""
        turn = _TURNS[str(folder)]
        if not turn.acquire(timeout=max(0.0, end - time.monotonic())):
            return None
        me = _who(disk.owner())
        mark, holders = folder / f"{WAITS}{me}", Counter[str]()
        try:
            while (path := self._take(folder, limit, holders)) is None:
                left = end - time.monotonic()
                if left <= 0:
                    return None
                with contextlib.suppress(OSError):  # it is but a courtesy
                    mark.touch()
                older = [who for who in holders if _born(who) < _born(me) and (folder / f"{WAITS}{who}").exists()]
                look = GIVING_WAY if older else LOOK
                time.sleep(min(left, random.uniform(*look)))  # noqa: S311 - no secret
                holders.clear()
            return path
        finally:
            with contextlib.suppress(OSError):
                mark.unlink(missing_ok=True)
            turn.release()

    def _take(self, folder: Path, limit: int, holders: Counter[str]) -> Path | None:
        """A slot, if one is free; else None, and `holders` counts who holds how many."""
        current: dict[int, int] = {}
        for name in os.listdir(folder):
            match = NAME.fullmatch(name)
            if match:
                slot, generation = int(match[1]), int(match[2])
                current[slot] = max(current.get(slot, 0), generation)
        for slot in random.sample(range(limit), limit):
            generation = current.get(slot, 0)
            if generation and not self._free(folder / f"{slot}.{generation}", holders):
                continue
            path = folder / f"{slot}.{generation + 1}"
            if not disk.create(path, json.dumps(disk.owner()).encode() + b"\n"):
                continue
            later = [name for name in os.listdir(folder) if (m := NAME.fullmatch(name)) and int(m[1]) == slot]
            if any(int(name.partition(".")[2]) > generation + 1 for name in later):
                path.unlink(missing_ok=True)  # we came late, into a generation that was over and cleared away
                continue
            for name in later:
                if int(name.partition(".")[2]) < generation:
                    (folder / name).unlink(missing_ok=True)
            return path
        return None

    def _free(self, path: Path, holders: Counter[str]) -> bool:
        try:
            who = json.loads(path.read_bytes())
        except FileNotFoundError:
            return False  # another has just taken it
        except ValueError:
            return True
        if not who:
            return True
        gone = disk.dead(who)
        if gone is None:
            try:
                gone = disk.age(path) > STALE
            except FileNotFoundError:
                return False
        if not gone:
            holders[_who(who)] += 1
        return gone

    def _beat(self, path: Path, stop: threading.Event) -> None:
        while not stop.wait(BEAT):
            with contextlib.suppress(OSError):
                os.utime(path)


def _who(owner: Mapping[str, Any]) -> str:
    return "-".join(str(owner.get(part, "")) for part in ("machine", "pid", "born")).replace("/", "")


def _born(who: str) -> int:
    """When it started, in its kernel's ticks: of two machines' processes one counts as older too."""
    ticks = who.rpartition("-")[2]
    return int(ticks) if ticks.isdecimal() else 0


class Breaker:
    """Stops submissions to an account in every process of a run, once the provider takes none."""

    def __init__(self, root: Path, run: str = "") -> None:
        run = run or os.environ.get("TALKMILL_RUN", "") or f"{disk.machine()}-{os.getpid()}-{disk.owner()['born']}"
        self.folder = root / hashlib.sha256(run.encode()).hexdigest()[:16]

    def _path(self, provider: str, account: str) -> Path:
        return self.folder / f"{provider}.{account}.json"

    def trip(self, provider: str, account: str, why: str, cure: str = "Mend the account and run again.") -> None:
        """Stop submissions."""
        disk.make_folder(self.folder)
        data = json.dumps({"why": why, "cure": cure}, ensure_ascii=False)
        disk.create(self._path(provider, account), data.encode() + b"\n")

    def missed(self, provider: str, account: str, why: str, most: int) -> None:
        """A call was given up since the provider did not take it or did not answer: after `most` of them with none taken in
        between, by all processes of the run together, submissions stop."""
        disk.make_folder(self.folder)
        number = len(self._misses(provider, account)) + 1
        while not disk.create(self.folder / f"{provider}.{account}.miss-{number}", b"{}\n"):
            number += 1
        if number >= most:
            told = f"{number} calls one after another were not taken or not answered, the last one: {why}"
            self.trip(provider, account, told, "Run again when it answers again: what was sent is not lost.")

    def reached(self, provider: str, account: str) -> None:
        """A call was taken: those that were not are forgotten."""
        for path in self._misses(provider, account):
            path.unlink(missing_ok=True)

    def _misses(self, provider: str, account: str) -> list[Path]:
        return sorted(self.folder.glob(f"{provider}.{account}.miss-*"))

    def check(self, provider: str, account: str) -> None:
        """Raises AccountError: submissions are stopped in this run."""
        try:
            found: dict[str, Any] = json.loads(self._path(provider, account).read_bytes())
        except FileNotFoundError:
            return
        except ValueError:
            found = {}
        raise AccountError(
            f"{provider}: takes no requests of this account, so no more are sent in this run "
            f"({found.get('why', 'no reason kept')}). {found.get('cure', 'Mend the account and run again.')}"
        )
