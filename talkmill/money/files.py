"""What the ledger asks of a file system: a file appears whole, once, under one name; and who wrote it can be told.

Nothing here needs byte-range locks: `link(2)` is atomic on local file systems and on NFS, and that is enough.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from talkmill.money.points import point
from talkmill.store.objects import sync_folder, writing


def temporary(folder: Path) -> Path:
    """A name that nobody else takes; readers pass over names that begin with a point."""
    return folder / f".{socket.gethostname()[:40]}.{os.getpid()}.{uuid.uuid4().hex}"


def write_all(handle: int, data: bytes) -> None:
    """Write all of it: the kernel may take a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def make_folder(path: Path) -> None:
    """A folder that is there, on disk too, when this returns."""
    if path.is_dir():
        return
    with writing(path):
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def create(path: Path, data: bytes, folder: Path | None = None) -> bool:
    """Make a file appear whole under its name, on disk when this returns; False: the name was taken already.

    Args:
        path: the name; its folder exists.
        data: what it holds.
        folder: where it is written aside (default: beside it); on the same file system.

    Raises:
        FileNotFoundError: the folder is gone.
    """
    with writing(path):
        aside = temporary(folder or path.parent)
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            try:
                write_all(handle, data)
                os.fsync(handle)
            finally:
                os.close(handle)
            point("record aside")
            return link(aside, path)
        finally:
            aside.unlink(missing_ok=True)


def link(source: Path, path: Path) -> bool:
    """Give a file one more name, and make that last; False: the name was taken by another file.

    NFS may repeat a request whose answer was lost and then say that the name exists, so the file is asked, not the answer.
    """
    try:
        os.link(source, path)
    except FileExistsError:
        try:
            if not os.path.samefile(source, path):
                return False
        except FileNotFoundError:
            return False
    sync_folder(path.parent)
    return True


@lru_cache(maxsize=1)
def machine() -> str:
    """This boot of this machine, and the space in which its process numbers count."""
    parts = [socket.gethostname()]
    for read in (lambda: Path("/proc/sys/kernel/random/boot_id").read_text().strip(), lambda: os.readlink("/proc/self/ns/pid")):
        try:
            parts.append(read())
        except OSError:
            parts.append("")
    return sha256("|".join(parts).encode()).hexdigest()[:16]


def _born(pid: int) -> str:
    """When a process started, in the kernel's own ticks; "": the system does not say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def owner() -> dict[str, Any]:
    """Who writes: host, machine, process, and since when that process is."""
    pid = os.getpid()
    return {"host": socket.gethostname(), "machine": machine(), "pid": pid, "born": _born(pid)}


def dead(who: Mapping[str, Any]) -> bool | None:
    """Whether the writer is gone for certain; None: it is on another machine, and this one cannot tell."""
    if who.get("machine") != machine():
        return None
    try:
        os.kill(int(who["pid"]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return _born(int(who["pid"])) != who.get("born", "")


def mine(who: Mapping[str, Any]) -> bool:
    """Whether this process wrote it."""
    return who.get("machine") == machine() and who.get("pid") == os.getpid() and who.get("born") == _born(os.getpid())


def age(path: Path) -> float:
    """Seconds since a file was written, both by the clock of the machine that keeps the files, whatever ours says."""
    probe = temporary(path.parent)
    with writing(probe):
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
        try:
            return probe.stat().st_mtime - path.stat().st_mtime
        finally:
            probe.unlink(missing_ok=True)
