"""What every doorway shares: the ticket's name in, the ticket out, one-line errors.

A doorway is `python scripts/<verb>.py build/…/<verb>-<digest>.json`. The recipe of that digest lies in the store, where the
main process put it when the run started; nothing else is told on the command line.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from talkmill.errors import RequestError, StoreError, TalkmillError
from talkmill.stages import Job, Outcome
from talkmill.store import Store, Ticket
from talkmill.store.objects import ROOT_VARIABLE
from talkmill.store.tickets import NAME


def project_store(root: Path) -> Store:
    """The store that the main process named for its jobs."""
    return Store(root / os.environ.get(ROOT_VARIABLE, "store"))


def open_job(path: Path, root: Path, digest: str) -> Job:
    """The job of a ticket: its recipe from the store, and the tickets upstream."""
    store = project_store(root)
    recipe = store.recipe(digest)
    tickets = {role: Ticket.read(root / upstream) for role, upstream in recipe["inputs"].items()}
    for role, ticket in tickets.items():
        missing = ticket.missing(store)
        if missing:
            raise StoreError(
                f"{recipe['inputs'][role]}: names something that the store has lost ({missing[0][:12]}…). "
                "Run snakemake again: it makes what is missing."
            )
    return Job(recipe, tickets, store, root)


def work(stage: Callable[[Job], Outcome], path: Path) -> None:
    """Run one stage for the ticket at `path` (relative to the project's folder)."""
    match = NAME.fullmatch(path.name)
    if not match:
        raise RequestError(f"{path}: is not a ticket's name. Start stages through snakemake.")
    job = open_job(path, Path.cwd(), match["digest"])
    if job.recipe["stage"] != match["stage"]:
        raise RequestError(f"{path}: its digest is that of a {job.recipe['stage']} ticket. Start stages through snakemake.")
    try:
        outcome = stage(job)
    finally:
        job.close()
    Ticket(match["stage"], match["digest"], outcome.makings, outcome.facts).write(path)


def main(stage: Callable[[Job], Outcome]) -> None:
    """The whole of a doorway: `main(stages.speak.run)`."""
    guarded(lambda: work(stage, Path(sys.argv[1])))


def guarded(task: Callable[[], None]) -> None:
    """Run `task`; an error for people becomes one line and an exit code, ours keeps its traceback and says that it is ours."""
    try:
        task()
    except TalkmillError as error:
        if os.environ.get("TALKMILL_DEBUG"):
            traceback.print_exc()
        sys.exit(_end(str(error), error.exit_code))
    except KeyboardInterrupt:
        code = _end("stopped.", 130)
        os._exit(code)  # threads may wait for a provider for an hour; the ledger knows where their calls stand
    except Exception as error:
        traceback.print_exc()
        sys.exit(_end(f"bug: {type(error).__name__}: {error}. This is a fault of Talkmill; report it with the lines above.", 1))


def _end(message: str, code: int) -> int:
    print(message, file=sys.stderr, flush=True)
    return code
