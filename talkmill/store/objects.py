"""The store on disk.

::

    objects/ab/<digest>       media, read-only, named by their content
    makings/ab/<key>.json     what was made for a content key: the request, the objects, the facts
    recipes/<digest>.json     what a ticket's digest stands for
    claims/<key>              one lock a key, so that two jobs never make the same thing at once
    work/                     folders in which things are being made

Everything is written aside, synced, and renamed into place.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from talkmill.errors import PrerequisiteError, StoreError
from talkmill.store.digests import SHORT, canonical, digest, file_digest

ROOT_VARIABLE = "TALKMILL_STORE"
"""Environment variable that stands over `store` in config.yaml."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the machine's refusals to write at `path` into errors for people."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise PrerequisiteError(
                f"{path}: the disk is full ({error.strerror}). Free some space and run the same command again; nothing is lost."
            ) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise PrerequisiteError(
                f"{path}: may not be written to ({error.strerror}). Change its permissions, or set another folder as "
                f"`store` in config.yaml or as {ROOT_VARIABLE}."
            ) from None
        raise


def write_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a whole file or nothing: aside, synced, renamed, and the folder synced."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make a rename in this folder last."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Store:
    """The store at `root`; the folder is made when something is first written."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def object(self, name: str) -> Path:
        """Where the object of that content digest lies, whether it is there or not."""
        return self.root / "objects" / name[:2] / name

    def has(self, name: str) -> bool:
        """Whether the object is there."""
        return self.object(name).is_file()

    def add(self, path: Path) -> str:
        """Take a file into the store (it is moved); gives its content digest."""
        name = file_digest(path)
        target = self.object(name)
        with writing(target):
            if target.is_file() and target.stat().st_size == path.stat().st_size:
                path.unlink()
                return name
            target.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
            path.chmod(0o444)
            path.replace(target)
            sync_folder(target.parent)
        return name

    def copy(self, name: str, path: Path) -> None:
        """A copy of an object at `path`, whole or not at all, checked while it is copied.

        Raises:
            StoreError: the object is gone or damaged; a damaged one is removed, so that the next run makes it again.
        """
        source = self.object(name)
        if not source.is_file():
            raise StoreError(f"{source}: is gone. Run snakemake again: it makes what is missing.")
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            try:
                shutil.copyfile(source, temporary)
                if file_digest(temporary) != name:
                    source.unlink(missing_ok=True)
                    raise StoreError(f"{source}: was damaged and has been removed. Run snakemake again: it is made anew.")
                with temporary.open("rb") as stream:
                    os.fsync(stream.fileno())
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)

    def record(self, key: str) -> Path:
        """Where the record of a making lies."""
        return self.root / "makings" / key[:2] / f"{key}.json"

    # --- recipes -----------------------------------------------------------------------------------

    def _recipe(self, name: str) -> Path:
        return self.root / "recipes" / f"{name}.json"

    def add_recipe(self, name: str, recipe: dict[str, Any]) -> None:
        """Keep a recipe under the digest that names its ticket."""
        path = self._recipe(name)
        data = canonical(recipe)
        if not path.is_file() or path.stat().st_size != len(data):
            write_file(path, data)

    def recipe(self, name: str) -> dict[str, Any]:
        """The recipe of a ticket's digest, checked against it.

        Raises:
            StoreError: it is not there, or is not what the name says.
        """
        path = self._recipe(name)
        try:
            recipe = json.loads(path.read_bytes())
        except (OSError, ValueError):
            raise StoreError(
                f"{path}: the recipe is missing or unreadable. Start the run with snakemake, without --no-hooks: "
                "it writes the recipes."
            ) from None
        if digest(recipe)[:SHORT] != name:
            raise StoreError(f"{path}: is not the recipe that its name says. Delete it and run snakemake again.")
        return recipe

    # --- claims and work ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def claim(self, key: str) -> Iterator[None]:
        """Hold a key while making it; waits for whoever holds it. The kernel lets go when a process dies."""
        path = self.root / "claims" / key
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def workdir(self) -> Iterator[Path]:
        """An empty folder on the store's own disk, gone afterwards."""
        base = self.root / "work"
        with writing(base):
            base.mkdir(parents=True, exist_ok=True)
            path = Path(tempfile.mkdtemp(dir=base))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
