"""What can go wrong, as people read it.

A message has the form *where: what is wrong (what was found). What to do.* The tree::

    TalkmillError            exit 1
    ├── RequestError         exit 2: what was asked cannot be done as it was asked
    │   └── SpecError        one or more problems in the YAML, all at once
    ├── PrerequisiteError    exit 1: something this machine lacks; the message ends with the cure
    ├── BackendError         exit 1: a backend could not make what was asked
    ├── MediaError           exit 1: a media file is not what it should be, or ffmpeg failed
    ├── StoreError           exit 1: the store cannot be read or written
    ├── CheckError           exit 1: a finished video failed a hard check
    ├── ProviderError        exit 1: a provider did not do what it was asked
    │   ├── NotAccepted      it certainly did not take the request; the same may be sent again
    │   ├── Refused          it will never take this request (moderation, a wrong value)
    │   ├── AccountError     it takes no request of this account (key, balance)
    │   ├── Duplicate        the handle is in use: the task exists
    │   └── OutcomeUnknown   it was sent, and nobody said what became of it
    ├── BudgetError          exit 1: a cap would be passed
    └── HeldError            exit 3: money waits for a person
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class TalkmillError(Exception):
    """Base of all errors that are for people; `exit_code` is what the process ends with."""

    exit_code = 1


class RequestError(TalkmillError):
    """The request was wrong: an unknown name, an impossible combination."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in one place of one file."""

    file: str
    line: int  # 1-based; 0: the file as a whole
    path: str  # "episodes[2].script[0].speaker"; "": the whole file
    what: str  # what is wrong, with what was found in brackets
    cure: str  # what to do, one sentence

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        spot = f"{where}: {self.path}" if self.path else where
        return f"{spot}: {self.what}. {self.cure}".rstrip()


class SpecError(RequestError):
    """The YAML is wrong; `problems` lists every problem of every file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PrerequisiteError(TalkmillError):
    """This machine lacks something (a program, a package, space, a permission)."""


class BackendError(TalkmillError):
    """A backend could not make what it was asked for."""


class MediaError(TalkmillError):
    """A media file is unusable, or ffmpeg failed on it."""


class StoreError(TalkmillError):
    """The store cannot be read or written."""


class CheckError(TalkmillError):
    """A finished video failed a hard check."""


class ProviderError(TalkmillError):
    """A provider did not do what it was asked."""


class NotAccepted(ProviderError):
    """The request was certainly not taken, and the same may be sent again, after `wait` seconds at the soonest."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        self.wait = wait
        super().__init__(message)


class Refused(ProviderError):
    """The provider will never take this request."""


class AccountError(ProviderError):
    """The provider takes no request of this account: the key or the balance."""


class Duplicate(ProviderError):
    """A task under this handle exists."""


class OutcomeUnknown(ProviderError):
    """The request was sent, and nothing says what became of it."""


class BudgetError(TalkmillError):
    """A paid call would pass a cap; nothing was submitted."""


class HeldError(TalkmillError):
    """A paid call waits for a person's decision."""

    exit_code = 3
