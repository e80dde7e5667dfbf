"""`talkmill quote` and `talkmill doctor`: what a run would cost, and whether paying would work."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from talkmill.quote import Quote


def add(commands: Any) -> None:
    """Add the commands to the parser's."""
    quote = commands.add_parser("quote", help="what the next run would buy, and how that stands against the caps")
    quote.add_argument("--root", default=".", type=Path, help="the project's folder (default: here)")
    quote.add_argument("--all", action="store_true", help="every episode, not only those that are due")
    quote.add_argument("--json", action="store_true", help="for programs; money as text")
    quote.set_defaults(run=_quote)

    doctor = commands.add_parser("doctor", help="what is missing before anything can be bought")
    doctor.add_argument("--root", default=".", type=Path, help="the project's folder (default: here)")
    doctor.add_argument(
        "--sandbox", action="store_true", help="serve stand-ins of the providers, to rehearse a paid run for nothing"
    )
    doctor.add_argument("--port", type=int, default=8700, help="of the sandbox, on 127.0.0.1 (default: 8700)")
    doctor.add_argument(
        "--scale", type=float, default=0.05, help="how long a provider's second lasts in the sandbox (default: 0.05)"
    )
    doctor.set_defaults(run=_doctor)


def _quote(arguments: argparse.Namespace) -> int:
    from talkmill.plan import make_plan, store_of
    from talkmill.quote import Quoter
    from talkmill.stages.paying import buyer_of

    plan = make_plan(arguments.root)
    store = store_of(arguments.root, plan.project)
    buyer = buyer_of(arguments.root, store, plan.project.config)
    releases = list(plan.releases.values()) if arguments.all else plan.due
    found = Quoter(plan, store, buyer, arguments.root).quote(releases)
    print(json.dumps(found.to_json(), ensure_ascii=False, indent=2) if arguments.json else text(found))
    return 1 if any(cap["over"] for cap in found.caps) else 0


def text(quote: Quote) -> str:
    """A quote as people read it."""
    from talkmill.quote import sentence

    unit = quote.currency
    if not quote.items:
        return "\n".join([sentence(quote), *_caps(quote)])
    head = ("episode", "character", "stage", "provider", "what", "calls", unit)
    rows: dict[tuple[str, ...], list[Any]] = {}
    for item in quote.items:
        name = "/".join(filter(None, (item.episode, item.language))) or "-"
        price = item.price.removeprefix(f"{item.provider}/")
        row = rows.setdefault((name, item.character, item.stage, item.provider, price), [0, 0, True])
        row[0] += item.calls
        row[1] += item.expected
        row[2] = row[2] and item.exact
    cells = [(*names, str(calls), f"{'' if exact else '~ '}{cost:.3f}") for names, (calls, cost, exact) in rows.items()]
    wide = [max(len(row[column]) for row in [head, *cells]) for column in range(len(head))]
    lines = []
    for row in [head, *cells]:
        padded = [
            value.rjust(width) if at >= 5 else value.ljust(width)
            for at, (value, width) in enumerate(zip(row, wide, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join([*lines, "", sentence(quote), *_caps(quote)])


def _caps(quote: Quote) -> Iterable[str]:
    for cap in quote.caps:
        over = f" OVER by {cap['over']:.3f}: calls beyond it are not submitted." if cap["over"] else ""
        if cap["setting"].endswith("per_call"):
            yield f"{cap['setting']}: {cap['cap']} {quote.currency}; the dearest call is {cap['after']:.3f}.{over}"
        else:
            counted = f"{cap['counted']:.3f} counted, {cap['after']:.3f} with this"
            yield f"{cap['setting']}: {cap['cap']} {quote.currency}; {counted}.{over}"


def _doctor(arguments: argparse.Namespace) -> int:
    if arguments.sandbox:
        from talkmill.providers.sandbox import __main__ as sandbox

        return sandbox.serve(arguments.port, arguments.scale)
    from talkmill.paid_checks import lacking
    from talkmill.plan import make_plan, store_of

    plan = make_plan(arguments.root)
    problems = lacking(plan, store_of(arguments.root, plan.project), arguments.root)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print("Everything that the due episodes need is set.")
    return 1 if problems else 0


def providers_of(root: Path) -> dict[str, Any]:
    """Every provider, as config.yaml sets it up."""
    from talkmill import providers
    from talkmill.specs.load import load_config

    settings = load_config(root).providers.model_dump(mode="json", exclude_none=True)
    return {name: providers.load(name, settings[name]) for name in providers.REGISTRY}
