"""Imports run downward only: the floors of docs/design.md."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ["errors", "model", "specs", "store", "money", "media", "providers", "picture", "measure", "backends", "stages"]
FLOORS += [
    "backend_checks",
    "plan_figures",
    "plan",
    "job",
    "quote",
    "paid_checks",
    "report",
    "run",
    "why",
    "commands_quote",
    "cli",
]


def floor(module):
    """Number of a module's floor, from "talkmill.<floor>...."; -1 for the package itself, the top for `__main__`."""
    parts = module.split(".")
    if len(parts) == 1:
        return -1
    return len(FLOORS) if parts[1] == "__main__" else FLOORS.index(parts[1])


def imports(tree, module, package):
    """Talkmill's modules that a module imports, wherever in the file: (module, line)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            yield from ((f"{name}.{alias.name}" if name == "talkmill" else name, node.lineno) for alias in node.names)


def upward(root):
    """Every arrow that does not run downward, as text."""
    found = []
    for path in sorted((root / "talkmill").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        package = ".".join(parts[:-1])
        for target, line in imports(ast.parse(path.read_text(encoding="utf-8")), module, package):
            if not target.startswith("talkmill."):
                continue
            if target.split(".")[1] not in FLOORS:
                known = (root / "talkmill" / target.split(".")[1]).exists() or (
                    root / "talkmill" / f"{target.split('.')[1]}.py"
                ).exists()
                found += [f"{module}:{line} -> {target}: not one of the floors"] if known else []
            elif floor(target) > floor(module):
                found.append(f"{module}:{line} -> {target}")
    return found


def test_imports_run_downward():
    """No module imports from a floor above its own; the arrow is named."""
    assert not upward(ROOT)


def test_every_module_has_a_floor():
    """What lies directly in talkmill/ is a floor of the design, and the design lists the floors in this order."""
    names = {path.stem for path in (ROOT / "talkmill").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert names - {"__init__", "__main__"} <= set(FLOORS)
    assert " → ".join(FLOORS) in (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


def test_an_upward_import_is_found(tmp_path):
    """Every way of writing it, also inside a function; downward, sideways and foreign imports are fine."""
    for name in ("model", "media", "backends", "stages"):
        (tmp_path / "talkmill" / name).mkdir(parents=True)
    (tmp_path / "talkmill" / "model" / "__init__.py").write_text("def f():\n    import talkmill.stages.speak\n")
    (tmp_path / "talkmill" / "media" / "sound.py").write_text("from talkmill import backends, model\nfrom . import other\n")
    (tmp_path / "talkmill" / "backends" / "a.py").write_text(
        "from ..stages import b\nfrom talkmill.backends import c\nimport numpy\n"
    )
    (tmp_path / "talkmill" / "stages" / "__init__.py").write_text(
        "from talkmill.backends.a import x\nfrom talkmill.model import y\n"
    )
    assert upward(tmp_path) == [
        "talkmill.backends.a:1 -> talkmill.stages",
        "talkmill.media.sound:1 -> talkmill.backends",
        "talkmill.model:2 -> talkmill.stages.speak",
    ]
