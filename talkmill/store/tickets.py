"""Tickets: the small JSON files that stages hand to each other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkmill.errors import StoreError
from talkmill.store.digests import SHORT, canonical
from talkmill.store.making import Making
from talkmill.store.objects import Store, write_file

FORMAT = 1
NAME = re.compile(rf"(?P<stage>[a-z]+)-(?P<digest>[0-9a-f]{{{SHORT}}})\.json")


@dataclass(frozen=True)
class Ticket:
    """What a stage made: its makings by name, and facts. No time of day, no host, no path, no cost."""

    stage: str
    recipe: str  # the digest in the ticket's name
    makings: Mapping[str, Making]
    facts: Mapping[str, Any]

    def write(self, path: Path) -> None:
        """Write it, whole or not at all."""
        data = {
            "format": FORMAT,
            "stage": self.stage,
            "recipe": self.recipe,
            "makings": {name: making.to_json() for name, making in self.makings.items()},
            "facts": dict(self.facts),
        }
        write_file(path, canonical(data) + b"\n")

    @classmethod
    def read(cls, path: Path) -> Ticket:
        """Read a ticket.

        Raises:
            StoreError: it is missing, damaged, or not what its name says.
        """
        try:
            data = json.loads(path.read_bytes())
            ticket = cls(
                data["stage"],
                data["recipe"],
                {name: Making.from_json(making) for name, making in data["makings"].items()},
                data["facts"],
            )
            if data["format"] != FORMAT or path.name != f"{ticket.stage}-{ticket.recipe}.json":
                raise ValueError("not what its name says")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{path}: cannot be read as a ticket ({error}). Run snakemake again: it is written anew."
            ) from None
        return ticket

    def missing(self, store: Store) -> list[str]:
        """Content digests that the ticket names and the store has not."""
        return [name for making in self.makings.values() for name in making.files.values() if not store.has(name)]


def whole(path: Path, store: Store) -> bool:
    """Whether a ticket is in place: there, readable, and every object it names in the store."""
    try:
        return not Ticket.read(path).missing(store)
    except StoreError:
        return False
