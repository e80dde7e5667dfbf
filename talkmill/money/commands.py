"""`talkmill spend`, `reconcile` and `rate`."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from talkmill.errors import HeldError, RequestError


def add(commands: Any, providers_of: Callable[[Path], Mapping[str, Any]]) -> None:
    """Add the commands to the parser's; `providers_of` gives a project's providers."""
    spend = commands.add_parser("spend", help="what was spent, as a table")
    _root(spend)
    spend.add_argument("--by", default="month,provider", metavar="NAMES", help="columns to group by (default: month,provider)")
    spend.add_argument("--csv", action="store_true", help="as CSV")
    spend.add_argument("--json", action="store_true", help="for programs: a list of rows; money as text")
    spend.set_defaults(run=_spend)

    reconcile = commands.add_parser("reconcile", help="calls of which nobody knows whether they were charged")
    _root(reconcile)
    reconcile.add_argument("call", nargs="?", metavar="CALL", help="first digits of a held call's key")
    decision = reconcile.add_mutually_exclusive_group()
    for name, what in (
        ("charged", "it was charged: count it, and buy it anew"),
        ("not-charged", "it was not charged: buy it anew"),
        ("again", "ask the provider for its task once more"),
    ):
        decision.add_argument(f"--{name}", dest="decision", action="store_const", const=name, help=what)
    reconcile.add_argument("--looked", action="store_true", help="damaged records have been looked at: spending goes on")
    reconcile.add_argument("--note", default="", help="what you found out, for the record")
    reconcile.add_argument("--ask", action="store_true", help="ask the providers, and compare with their own lists")
    reconcile.add_argument("--json", action="store_true", help="for programs: a list of calls; with --ask {calls, differences}")
    reconcile.set_defaults(run=_reconcile, providers_of=providers_of)

    rate = commands.add_parser("rate", help="rate an episode, and see what each setting cost for what it was worth")
    _root(rate)
    rate.add_argument("episode", nargs="?", metavar="EPISODE", help="the episode's id")
    rate.add_argument("stars", nargs="?", type=int, metavar="1..5", help="1 poor, 5 good")
    rate.add_argument("--language", default="", help="one of its languages (default: all)")
    rate.add_argument("--note", default="", help="why")
    rate.add_argument("--csv", action="store_true", help="the table as CSV")
    rate.set_defaults(run=_rate)


def _root(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", default=".", type=Path, help="the project's folder (default: here)")


def ledger_of(root: Path) -> Any:
    """The ledger of a project."""
    from talkmill.money.ledger import ROOT_VARIABLE, Ledger
    from talkmill.specs import load

    return Ledger(root / (os.environ.get(ROOT_VARIABLE) or load(root).config.ledger))


def _spend(arguments: argparse.Namespace) -> int:
    from talkmill.money import spend

    found = spend.table(ledger_of(arguments.root), [name.strip() for name in arguments.by.split(",") if name.strip()])
    if arguments.csv:
        print(found.to_csv(index=False), end="")
    elif arguments.json:
        rows = found.astype({"spent": str, "open": str}).to_dict(orient="records")
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        print(spend.to_text(found))
    return 0


def _reconcile(arguments: argparse.Namespace) -> int:
    from talkmill.money import compare, reconcile

    ledger = ledger_of(arguments.root)
    if arguments.looked:
        names = reconcile.looked(ledger)
        print(f"{len(names)} damaged records are put by in {ledger.root / 'aside' / 'looked'}.")
    if arguments.decision:
        if not arguments.call:
            raise RequestError(f"--{arguments.decision}: names no call. Give the first digits of its key.")
        attempt = reconcile.resolve(ledger, arguments.call, arguments.decision, arguments.note)
        print(f"{attempt.title}: {attempt.state.replace('_', ', ')}.")
        return 0
    providers = arguments.providers_of(arguments.root) if arguments.ask else {}
    found = reconcile.waiting(ledger, providers)
    if arguments.call:
        found = [each for each in found if each.attempt.key.startswith(arguments.call)]
    differences: list[compare.Difference] = compare.compare(ledger, providers) if arguments.ask else []
    if arguments.json:
        calls = [each.to_json() for each in found]
        whole = {"calls": calls, "differences": [each.to_json() for each in differences]}
        print(json.dumps(whole if arguments.ask else calls, ensure_ascii=False, indent=2))
    else:
        print("\n".join([reconcile.to_text(found), *(each.what for each in differences)]))
    if any(each.attempt.state == "held" for each in found):
        return HeldError.exit_code
    return 1 if differences else 0


def _rate(arguments: argparse.Namespace) -> int:
    from talkmill.money import rate

    ledger = ledger_of(arguments.root)
    if arguments.episode:
        if arguments.stars is None:
            raise RequestError(f"{arguments.episode}: has no rating given. Add a number from 1 (poor) to 5 (good).")
        rate.rate(ledger, arguments.episode, arguments.stars, arguments.language, arguments.note)
        print(f"{arguments.episode}: rated {arguments.stars}.")
        return 0
    found = rate.worth(ledger)
    print(found.to_csv(index=False) if arguments.csv else rate.to_text(found), end="" if arguments.csv else "\n")
    return 0
