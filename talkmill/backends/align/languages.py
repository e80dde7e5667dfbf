"""Which languages espeak-ng speaks, read from its data; the library itself is not loaded."""

from __future__ import annotations

import difflib
import importlib.util
from functools import cache
from pathlib import Path

from talkmill.errors import PrerequisiteError

OTHER_NAMES = {"zh": "cmn", "no": "nb", "iw": "he", "in": "id", "tl": "fil"}
"""Language tags that espeak-ng names otherwise (as the engine's worker does)."""


@cache
def tags() -> frozenset[str]:
    """Language tags, lower case, that espeak-ng has a voice for.

    Raises:
        PrerequisiteError: the package espeakng-loader is not installed.
    """
    spec = importlib.util.find_spec("espeakng_loader")
    if spec is None or not spec.submodule_search_locations:
        raise PrerequisiteError("espeakng-loader: this package is not installed. Install Talkmill with its dependencies.")
    found = set(OTHER_NAMES)
    for path in (Path(next(iter(spec.submodule_search_locations))) / "espeak-ng-data" / "lang").rglob("*"):
        if path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            found.update(line.split()[1].lower() for line in lines if line.startswith("language ") and len(line.split()) > 1)
    return frozenset(found)


def known(language: str) -> bool:
    """Whether espeak-ng speaks `language` (BCP 47), or the language without its region."""
    parts = language.lower().split("-")
    return any("-".join(parts[:size]) in tags() for size in range(1, len(parts) + 1))


def near(language: str) -> str:
    """", for example de, da" where tags look like `language`, else an empty text."""
    close = difflib.get_close_matches(language.lower(), sorted(tags()), n=3, cutoff=0.4)
    return f", for example {', '.join(close)}" if close else ""
