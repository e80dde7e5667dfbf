"""The ledger on disk.

::

    open/<key>.<attempt>.<seq>.json   one immutable record a state of each attempt
    turns/<epoch>/<serial>.json       the reservations in their order, one after another (see `take`)
    sealed/<number>.jsonl             attempts that are over, a line each, under a line of totals and one of their names
    aside/                            records that could not be read: spending stops until a person has looked
    ratings/, slots/, breakers/       see rate.py, slots.py

A file is created whole under a name that only one writer can get (`link(2)`), and is never changed. There is no lock: who
wants to reserve reads everything up to turn N, sums, and links turn N+1; where another was quicker, the name is taken and it
sums again. So a reservation knows all before it, a writer that dies or sleeps blocks nobody, and no stale lock is to be broken.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from talkmill.errors import HeldError
from talkmill.money import records
from talkmill.money.files import create, link, make_folder, temporary
from talkmill.money.points import point
from talkmill.money.records import Attempt, Newer
from talkmill.store.objects import writing

ROOT_VARIABLE = "TALKMILL_LEDGER"
"""Environment variable that stands over `ledger` in config.yaml."""

EPOCH = 256
"""Turns in one folder; the last epoch but one is deleted."""

Id = tuple[str, int]


class Taken(Exception):
    """Another process wrote that record first."""


class Ledger:
    """The ledger at `root`; folders are made when something is first written. Safe to use from several threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, dict[str, dict[str, Any]]] = {}  # by folder and name; what has left the folder is dropped
        self._heads: dict[str, dict[str, Any]] = {}
        self._sealed: dict[bytes, str] = {}
        self._lock = threading.RLock()

    @property
    def open(self) -> Path:
        """Folder of the records that are not sealed."""
        return self.root / "open"

    # --- reading -----------------------------------------------------------------------------------

    def names(self, folder: str) -> list[str]:
        """Names in one of the ledger's folders, sorted, without what is being written aside."""
        try:
            return sorted(entry for entry in os.listdir(self.root / folder) if not entry.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unreadable(self.root / folder, error) from None

    def _unreadable(self, path: Path, error: OSError) -> HeldError:
        return HeldError(
            f"{path}: the ledger cannot be read ({error.strerror}), so nothing is bought. Mend the folder and run again."
        )

    def _record(self, folder: str, name: str) -> dict[str, Any] | None:
        """A record by its folder and name; None: it is gone (sealed meanwhile). One that is damaged is set aside.

        Raises:
            HeldError: it is damaged, or of a newer Talkmill.
        """
        with self._lock:
            if known := self._known.get(folder, {}).get(name):
                return known
        path = self.root / folder / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(path, error) from None
        try:
            found = records.decode(data)
            if folder == "open" and name != records.name(found["key"], found["attempt"], found["seq"]):
                raise ValueError("it is not what its name says")
        except Newer as error:
            raise HeldError(
                f"{path}: is a record of a newer Talkmill ({error}), so nothing is bought. Update Talkmill on this machine."
            ) from None
        except (ValueError, KeyError) as error:
            raise self.set_aside(path, str(error)) from None
        with self._lock:
            self._known.setdefault(folder, {})[name] = found
        return found

    def _forget(self, folder: str, names: Sequence[str]) -> None:
        """Keep of a folder's records those that it still has: a process that buys for days holds no more than the disk does."""
        with self._lock:
            known = self._known.get(folder, {})
            if len(known) > len(names):
                self._known[folder] = {name: known[name] for name in names if name in known}

    def set_aside(self, path: Path, why: str) -> HeldError:
        """Move a damaged file to `aside/`; gives the error to raise."""
        target = self.root / "aside" / f"{path.parent.name}.{path.name}"
        with writing(target), contextlib.suppress(FileNotFoundError):
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
        return HeldError(
            f"{target}: was a damaged record of the ledger and has been set aside ({why}). Nothing is bought until you have "
            "looked: see docs/reference/ledger.md, then run `talkmill reconcile --looked`."
        )

    def stop_if_damaged(self) -> None:
        """Raises HeldError: damaged records wait in `aside/`."""
        waiting = [name for name in self.names("aside") if name != "looked"]
        if waiting:
            raise HeldError(
                f"{self.root / 'aside'}: damaged records of the ledger wait for a person ({', '.join(waiting[:3])}). "
                "Nothing is bought until you have looked: see docs/reference/ledger.md, then run `talkmill reconcile --looked`."
            )

    def heads(self) -> dict[str, dict[str, Any]]:
        """The first line of each sealed file, by its name: `day`, `currency`, `totals`, `calls`."""
        for name in self.names("sealed"):
            with self._lock:
                if name in self._heads:
                    continue
            path = self.root / "sealed" / name
            try:
                with path.open("rb") as stream:
                    head = json.loads(stream.readline())
                    calls = stream.readline().split()
                if head["schema"] > records.SCHEMA:
                    raise HeldError(
                        f"{path}: is of a newer Talkmill (schema {head['schema']}), so nothing is bought. "
                        "Update Talkmill on this machine."
                    )
                if not isinstance(head["totals"], list) or not isinstance(head["day"], str) or len(calls) != head["calls"]:
                    raise ValueError("it is not whole")
            except OSError as error:
                raise self._unreadable(path, error) from None
            except (ValueError, KeyError, TypeError) as error:
                raise self.set_aside(path, f"its first lines are damaged: {error}") from None
            with self._lock:
                self._heads[name] = head
                self._sealed.update(dict.fromkeys(calls, name))
        return self._heads

    def sealed(self) -> Mapping[bytes, str]:
        """Which attempts are sealed, as `records.ident` names them, and in which file."""
        self.heads()
        return self._sealed

    def sealed_attempts(self, name: str) -> list[Attempt]:
        """All attempts of one sealed file."""
        path = self.root / "sealed" / name
        try:
            with path.open("rb") as stream:
                stream.readline()
                stream.readline()
                found = [json.loads(line) for line in stream]
            return [
                Attempt(line["key"], line["attempt"], tuple(records.decode(records.encode(each)) for each in line["records"]))
                for line in found
            ]
        except OSError as error:
            raise self._unreadable(path, error) from None
        except (ValueError, KeyError, TypeError) as error:
            raise self.set_aside(path, str(error)) from None

    def _attempts(self, names: Iterable[str]) -> dict[Id, Attempt]:
        """The attempts whose records have these names in `open/`, but for sealed ones."""
        grouped: dict[Id, dict[int, dict[str, Any]]] = {}
        gone: set[Id] = set()
        for name in names:
            match = records.NAME.fullmatch(name)
            if not match:
                raise self.set_aside(self.open / name, "its name is not one of the ledger's")
            who = (match["key"], int(match["attempt"]))
            found = self._record("open", name)
            if found is None:
                gone.add(who)
            else:
                grouped.setdefault(who, {})[int(match["seq"])] = found
        sealed = self.sealed()  # after the records: what left `open/` is in here
        attempts = {}
        for who, parts in grouped.items():
            if records.ident(*who) in sealed:
                continue
            if who in gone or sorted(parts) != list(range(len(parts))):
                raise HeldError(
                    f"{self.open}: a record of {who[0][:12]} is missing (there are {sorted(parts)}). Nothing is bought until "
                    "it is back: see docs/reference/ledger.md."
                )
            attempts[who] = Attempt(*who, tuple(parts[seq] for seq in sorted(parts)))
        return attempts

    def attempts(self) -> dict[Id, Attempt]:
        """Every attempt that is not sealed."""
        names = self.names("open")
        self._forget("open", names)
        return self._attempts(names)

    def history(self, key: str) -> list[Attempt]:
        """Every attempt at a call, sealed ones too, in their order.

        Raises:
            HeldError: a record of it was damaged.
        """
        found = self._attempts(name for name in self.names("open") if name.startswith(key))
        if any(key in name for name in self.names("aside")):
            self.stop_if_damaged()
        sealed, number = self.sealed(), 1
        while (key, number) in found or records.ident(key, number) in sealed:  # attempts are numbered without a gap
            who = (key, number)
            if who not in found:
                attempts = self.sealed_attempts(sealed[records.ident(*who)])
                found[who] = next(each for each in attempts if (each.key, each.number) == who)
            number += 1
        return [found[who] for who in sorted(found)]

    def attempt(self, key: str, number: int) -> Attempt:
        """One attempt as it stands now.

        Raises:
            HeldError: its records are gone.
        """
        for each in self.history(key):
            if each.number == number:
                return each
        raise HeldError(f"{self.open}: the records of {key[:12]} are gone, so nothing is bought. Put the ledger's files back.")

    # --- writing -----------------------------------------------------------------------------------

    def append(self, attempt: Attempt, state: str, **fields: Any) -> Attempt:
        """Write the next record of an attempt; on disk when this returns.

        Raises:
            Taken: another process wrote it first.
        """
        new = records.record(attempt.key, attempt.number, len(attempt.records), state, **fields)
        records.check(new)
        make_folder(self.open)
        if not create(self.open / records.name(attempt.key, attempt.number, new["seq"]), records.encode(new)):
            raise Taken
        return Attempt(attempt.key, attempt.number, (*attempt.records, new))

    # --- turns -------------------------------------------------------------------------------------

    def turn(self) -> tuple[Path, int]:
        """The folder of the epoch and the serial of the last turn in it (0: none), whose record is in `open/`."""
        while True:
            epochs = sorted(int(name) for name in self.names("turns") if name.isdigit())
            epoch = epochs[-1] if epochs else 1
            folder = self.root / "turns" / str(epoch)
            make_folder(folder)
            last = max(self._serials(epoch), default=0)
            if last > EPOCH:
                self._next_epoch(epoch)
                continue
            if last and not self._show(folder, last):
                continue
            if last == EPOCH:
                create(folder / f"{EPOCH + 1}.json", b"{}\n")  # nobody takes a turn here any more
                continue
            return folder, last

    def _next_epoch(self, epoch: int) -> None:
        make_folder(self.root / "turns" / str(epoch + 1))
        old = self.root / "turns" / str(epoch - 1)
        with contextlib.suppress(OSError):
            gone = temporary(self.root / "turns")
            old.rename(gone)  # away at once: a late writer finds no folder, rather than a free name
            shutil.rmtree(gone, ignore_errors=True)

    def _show(self, folder: Path, serial: int) -> bool:
        """Give a turn's record its name in `open/`, for whoever took the turn; False: the turn is gone."""
        path = folder / f"{serial}.json"
        found = self._record(f"turns/{folder.name}", path.name)
        if found is None:
            return False
        if records.ident(found["key"], found["attempt"]) not in self.sealed():
            target = self.open / records.name(found["key"], found["attempt"], 0)
            make_folder(self.open)
            with writing(target), contextlib.suppress(FileNotFoundError):
                link(path, target)
        return True

    def turns(self) -> list[dict[str, Any]]:
        """The reservations of the last two epochs, which a slow listing of `open/` may not show yet."""
        found = []
        epochs = sorted(int(name) for name in self.names("turns") if name.isdigit())[-2:]
        with self._lock:
            for old in [name for name in self._known if name != "open" and name not in {f"turns/{each}" for each in epochs}]:
                del self._known[old]
        for epoch in epochs:
            for serial in self._serials(epoch):
                if serial <= EPOCH:
                    each = self._record(f"turns/{epoch}", f"{serial}.json")
                    found += [each] if each else []
        return found

    def _serials(self, epoch: int) -> list[int]:
        """The turns that were taken in an epoch; what else lies there (a desktop's own files) is none."""
        stems = (name.removesuffix(".json") for name in self.names(f"turns/{epoch}") if name.endswith(".json"))
        return [int(stem) for stem in stems if stem.isdecimal() and stem.isascii()]

    def take(self, folder: Path, serial: int, new: Mapping[str, Any]) -> bool:
        """Take the turn of that number with a reservation; False: another took it, so sum again."""
        make_folder(self.open)
        path = folder / f"{serial}.json"
        try:
            if not create(path, records.encode(new), self.open):
                return False
        except FileNotFoundError:
            return False
        if max(int(name) for name in self.names("turns") if name.isdigit()) != int(folder.name):
            return False  # a late writer in a folder of the past, where nobody looks
        point("turn taken")
        self._show(folder, serial)
        return True
