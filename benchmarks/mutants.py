"""Whether the tests notice a changed ledger. `python -m benchmarks.mutants talkmill/money/ledger.py --count 40 --seed 1`.

A mutant is the module with one thing changed: a comparison, a condition, a number, a sum, what a function gives, a statement
that is left out. The tests of money are run against each in a copy of the project; a mutant that all of them pass has survived.
What survives is either a law without a test, or changes nothing that anybody can see: those are named in `EQUIVALENT`, each
with its reason, and are left out of the score.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HOME = Path(__file__).parents[1]
TESTS = tuple(f"tests/money/test_{name}.py" for name in ("ledger", "books", "budget", "buy", "model", "prices", "faults"))
"""The quick ones first."""
LEDGER = "talkmill/money/ledger.py"
EQUIVALENT: dict[tuple[str, str, str], str] = {
    (LEDGER, "return", "return False"): "None in its place: `take` and `_show` are asked for their truth alone",
}
"""(module, kind, source line) -> why nobody can see it."""

OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
"""What stands in for an operator."""


def places(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What can be changed: the node's number in `ast.walk`, and how."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    for number, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
            yield number, "compare"
        elif isinstance(node, ast.BoolOp):
            yield number, "and/or"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield number, "not"
        elif isinstance(node, ast.BinOp) and type(node.op) in OTHER:
            yield number, "sum"
        elif isinstance(node, ast.Constant) and id(node) not in told and type(node.value) in (int, bool):
            yield number, "number"
        elif isinstance(node, ast.Return) and node.value is not None:
            yield number, "return"
        elif isinstance(node, ast.If):
            yield number, "if"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield number, "left out"
        elif isinstance(node, ast.Raise):
            yield number, "no error"


def mutant(source: str, number: int, kind: str) -> tuple[str, int]:
    """The module with that node changed, and the line it is on."""
    tree = ast.parse(source)
    node: Any = list(ast.walk(tree))[number]
    new: ast.AST | None = None
    if kind == "compare":
        node.ops[0] = OTHER[type(node.ops[0])]()
    elif kind in ("and/or", "sum"):
        node.op = OTHER[type(node.op)]()
    elif kind == "not":
        new = node.operand
    elif kind == "number":
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
    elif kind == "return":
        node.value = ast.Constant(None)
    elif kind == "if":
        node.test = ast.UnaryOp(ast.Not(), node.test)
    else:
        new = ast.Pass()
    if new is not None:
        for parent in ast.walk(tree):
            for field, value in ast.iter_fields(parent):
                if value is node:
                    setattr(parent, field, new)
                elif isinstance(value, list) and node in value:
                    value[value.index(node)] = new
    return ast.unparse(ast.fix_missing_locations(tree)), node.lineno


def survives(home: Path, module: str, text: str, tests: list[str]) -> bool:
    """Whether the tests pass with that text in the module's place."""
    (home / module).write_text(text)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def measure(module: str, count: int, seed: int, tests: list[str], workers: int) -> dict[str, Any]:
    """Try so many mutants of a module, chosen by the seed."""
    source = (HOME / module).read_text()
    found = list(places(ast.parse(source)))
    random.Random(seed).shuffle(found)  # noqa: S311 - no secret
    rows: dict[str, list[str]] = {"killed": [], "equivalent": [], "survived": []}
    with tempfile.TemporaryDirectory(prefix="talkmill-mutants-") as folder:
        homes = [Path(folder) / str(number) for number in range(workers)]
        for home in homes:
            for name in ("talkmill", "tests", "pyproject.toml", "profiles", "rules", "Snakefile", "scripts"):
                copy = shutil.copytree if (HOME / name).is_dir() else shutil.copy
                home.mkdir(exist_ok=True)
                copy(HOME / name, home / name)
        free = list(homes)

        def judge(place: tuple[int, str]) -> None:
            home = free.pop()
            try:
                text, line = mutant(source, *place)
                code = source.splitlines()[line - 1].strip()
                kind = "killed"
                if survives(home, module, text, tests):
                    kind = "equivalent" if (module, place[1], code) in EQUIVALENT else "survived"
                rows[kind].append(f"{line} {place[1]}: {code}")
                print(kind, rows[kind][-1], file=sys.stderr, flush=True)
            finally:
                free.append(home)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(judge, found[:count]))
    judged = len(rows["killed"]) + len(rows["survived"])
    return {
        "module": module,
        "places": len(found),
        "tried": judged + len(rows["equivalent"]),
        "killed": len(rows["killed"]),
        "score": round(len(rows["killed"]) / max(judged, 1), 3),
        "equivalent": sorted(rows["equivalent"]),
        "survived": sorted(rows["survived"]),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", nargs="?", default=LEDGER)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="+", default=list(TESTS))
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    print(json.dumps(measure(given.module, given.count, given.seed, given.tests, given.workers), indent=1))


if __name__ == "__main__":
    main()
