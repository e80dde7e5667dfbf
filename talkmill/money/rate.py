"""Ratings of episodes, 1 to 5, kept beside the ledger; and what each setting cost for what it was worth."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING

from talkmill.errors import RequestError
from talkmill.money.files import create, make_folder
from talkmill.money.ledger import Ledger
from talkmill.money.spend import frame

if TYPE_CHECKING:
    import pandas


def rate(ledger: Ledger, episode: str, stars: int, language: str = "", note: str = "") -> None:
    """Keep a rating; a later one of the same episode and language stands over it.

    Raises:
        RequestError: it is not from 1 to 5.
    """
    if stars not in range(1, 6):
        raise RequestError(f"{episode}: cannot be rated {stars}. Give a whole number from 1 (poor) to 5 (good).")
    folder = ledger.root / "ratings"
    make_folder(folder)
    now = time.time()
    data = {"schema": 1, "episode": episode, "language": language, "stars": stars, "note": note, "at": now}
    create(folder / f"{int(now * 1000):015}.{uuid.uuid4().hex[:8]}.json", json.dumps(data, ensure_ascii=False).encode() + b"\n")


def ratings(ledger: Ledger) -> dict[tuple[str, str], int]:
    """The rating of each episode and language ("": all its languages)."""
    found = {}
    for name in ledger.names("ratings"):
        path = ledger.root / "ratings" / name
        try:
            data = json.loads(path.read_bytes())
            found[str(data["episode"]), str(data["language"])] = int(data["stars"])
        except (OSError, ValueError, KeyError, TypeError):
            raise RequestError(f"{path}: is no rating. Remove it and rate again.") from None
    return found


def worth(ledger: Ledger, by: list[str] | None = None) -> pandas.DataFrame:
    """What rated episodes cost and how they were rated, by setting.

    Columns: `by` (default: stage, operation, model, setting), `episodes`, `cost` (money spent for one episode, mean), `stars`
    (mean), `cost_per_star`. `setting` is what a stage puts into the label of its calls, such as "768".
    """
    import pandas

    by = by or ["stage", "operation", "model", "setting"]
    rows = frame(ledger)
    stars = ratings(ledger)
    rows["stars"] = [
        stars.get((episode, language), stars.get((episode, "")))
        for episode, language in zip(rows["episode"], rows["language"], strict=True)
    ]
    rows = rows[rows["stars"].notna()]
    names = [*by, "episodes", "cost", "stars", "cost_per_star"]
    if rows.empty:
        return pandas.DataFrame(columns=names)
    each = rows.groupby([*by, "episode", "language"], dropna=False).agg(cost=("spent", "sum"), stars=("stars", "first"))
    each = each.reset_index().assign(
        cost=lambda table: table["cost"].astype(float), stars=lambda table: table["stars"].astype(float)
    )
    found = each.groupby(by, dropna=False).agg(episodes=("cost", "size"), cost=("cost", "mean"), stars=("stars", "mean"))
    found = found.reset_index()
    found["cost_per_star"] = found["cost"] / found["stars"]
    return found[names]


def to_text(found: pandas.DataFrame) -> str:
    """A table for people."""
    if found.empty:
        return "No rated episode has cost anything yet. Rate one with `talkmill rate EPISODE 1..5`."
    return found.to_string(index=False, float_format=lambda value: f"{value:.4f}")
